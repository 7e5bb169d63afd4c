"""The store of the tests of review."""

import pytest

from tests.support.review_store import fill


@pytest.fixture
def store(database):
    fill(database)
    return database
