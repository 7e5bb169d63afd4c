"""Fixtures of the tests of LLM extraction."""

import pytest

from tastegraph.core.config import LLMConfig
from tastegraph.kg.extraction.llm import LLMExtractor
from tastegraph.store import caches
from tastegraph.store.database import Database
from tastegraph.text.llm import LLMClient
from tests.support.stub_extraction import SLOTS, resolve


@pytest.fixture
def cache(tmp_path):
    database = Database(tmp_path / "answers.db", caches.answer_metadata)
    yield database
    database.close()


@pytest.fixture
def make_extractor(cache):
    """Make an extractor of the stub's slots that asks the model at an address."""

    def make(url: str, **options) -> LLMExtractor:
        defaults = {"endpoint": url, "model": "stub", "timeout": 5, "max_retries": 1}
        return LLMExtractor(SLOTS, LLMClient(LLMConfig(**{**defaults, **options})), cache, resolve)

    return make
