"""Hostile texts: long runs of names and cues take time in proportion to their length."""

from __future__ import annotations

import pytest

from tastegraph.core.config import RelationConfig
from tastegraph.kg.extraction.documents import Document
from tastegraph.kg.extraction.gazetteer import Gazetteer
from tastegraph.kg.extraction.phrases.extractor import ExampleExtractor
from tastegraph.kg.extraction.phrases.name_kinds import NameKinds, places
from tastegraph.kg.extraction.phrases.proposals import propose_relations
from tastegraph.kg.extraction.phrases.reader import NameReader
from tests.support.limits import within

EXAMPLES = ("directed by Joel Coen", "stars Gong Li", "由[李安]执导", "[李安]主演")
RELATIONS = {"director": RelationConfig(object="person", examples=EXAMPLES)}
LENGTH = 3_000


@pytest.mark.parametrize(
    "unit",
    [
        "directed by Ada Bell and ", "Ada Bell as ", "stars ", "(", "\0 ",
        "由李安、", "李安、李四主演", "克·里·",
    ],
)  # fmt: skip
def test_a_text_of_one_repeated_piece_is_read_soon(unit):
    places()
    text = (unit * (LENGTH // len(unit) + 1))[:LENGTH]
    documents = [Document("item:1", "item:1", text)]
    reader = NameReader([text], Gazetteer([]))
    with within(2):
        ExampleExtractor(RELATIONS, {}).extract(documents, reader, NameKinds())
        propose_relations(documents, reader, NameKinds(), RELATIONS)
