"""What a language model is asked for: one list of names for each relation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tastegraph.kg.linking.names import normalised

MOST = 20
"""Values of one relation in one text, at most."""
LONGEST = 80
"""Characters of a value, at most."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A relation whose objects a text may name.

    Attributes:
        relation: as it stands in facts.
        phrase: the noun for its object: "director".
        literal: whether its objects are values (a year) rather than entities.
        kind: what kind of entity its objects are, such as "person"; empty where not known.
    """

    relation: str
    phrase: str
    literal: bool = False
    kind: str = ""


def fields(slots: Iterable[Slot]) -> dict[str, Slot]:
    """A key of its own for each slot, made of its phrase: what the model calls it."""
    named: dict[str, Slot] = {}
    for slot in slots:
        key = first = "_".join(normalised(slot.phrase).split()) or "value"
        number = 1
        while key in named:
            number += 1
            key = f"{first}_{number}"
        named[key] = slot
    return named


def json_schema(fields: Mapping[str, Slot]) -> dict[str, Any]:
    """JSON schema of one record: every key a list, which may be empty, and no other key."""
    texts = {
        "type": "array",
        "maxItems": MOST,
        "items": {"type": "string", "maxLength": LONGEST},
    }
    return {
        "type": "object",
        "properties": dict.fromkeys(fields, texts),
        "required": list(fields),
        "additionalProperties": False,
    }
