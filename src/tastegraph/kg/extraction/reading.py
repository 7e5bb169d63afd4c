"""What of a model's answer holds: values in the schema, of the right type, and in the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from tastegraph.kg.extraction.grounding import Passage
from tastegraph.kg.extraction.schema import LONGEST, MOST, Slot

Reason = Literal[
    "NOT_IN_SCHEMA", "WRONG_TYPE", "TOO_MANY", "TOO_LONG", "NOT_IN_TEXT", "DUPLICATE", "UNRESOLVED"
]
"""Why a value was dropped. The last is given by the caller, who knows the entities."""


class Value(NamedTuple):
    """Words of the text that fill a slot: characters ``start`` to ``end``, half-open."""

    slot: Slot
    start: int
    end: int


def values(
    record: Mapping[str, Any],
    fields: Mapping[str, Slot],
    passage: Passage,
    dropped: Counter[str],
) -> Iterator[Value]:
    """The values that hold, in the schema's order; of all others the reason is counted.

    Nothing of what the model wrote goes any further: a value is the text's own words.
    """
    dropped.update("NOT_IN_SCHEMA" for _ in record.keys() - fields.keys())
    for key, slot in fields.items():
        listed = record.get(key, [])
        if not isinstance(listed, list):
            dropped["WRONG_TYPE"] += 1
            continue
        dropped.update("TOO_MANY" for _ in listed[MOST:])
        seen = set()
        for value in listed[:MOST]:
            found = _located(value, passage)
            if isinstance(found, str):
                dropped[found] += 1
            elif found in seen:
                dropped["DUPLICATE"] += 1
            else:
                seen.add(found)
                yield Value(slot, *found)


def _located(value: Any, passage: Passage) -> tuple[int, int] | Reason:
    if not isinstance(value, str):
        return "WRONG_TYPE"
    if len(value) > LONGEST:
        return "TOO_LONG"
    return passage.find(value) or "NOT_IN_TEXT"
