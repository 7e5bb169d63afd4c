"""A stub language model for extraction: two slots, a text, and answers to questions about it."""

from __future__ import annotations

import json

from tastegraph.kg.extraction.documents import Document
from tastegraph.kg.extraction.prompt import Slot
from tastegraph.kg.names import normalize_name
from tests.support.stub_endpoint import Reply, Request, text_of

SLOTS = (
    Slot("http://x/directed_by", "director", kind="person"),
    Slot("http://x/year", "year", literal=True),
)
TEXT = "Fargo is a 1996 film directed by Joël Coen."
ENTITIES = {"joel coen": "person:coen", "wim wenders": "person:wenders"}


def resolve(name: str, relation: str) -> str | None:
    assert relation == SLOTS[0].relation
    return ENTITIES.get(normalize_name(name))


def always_answer(**record: object):
    """A model that always gives the same answer."""
    return lambda request: Reply(json.dumps(record))


def copy_names(request: Request) -> Reply:
    """A model that finds Joel Coen and the year wherever they are in the text."""
    text = text_of(request)
    answer = {
        "director": ["Joel Coen"] if "Coen" in text else [],
        "year": ["1996"] if "1996" in text else [],
    }
    return Reply(json.dumps(answer))


def item_document(item: str, text: str) -> Document:
    return Document(f"item:{item}", f"item:{item}", text)


def numbered_documents(n: int) -> list[Document]:
    return [item_document(str(k), f"Film number {k}. {TEXT}") for k in range(n)]
