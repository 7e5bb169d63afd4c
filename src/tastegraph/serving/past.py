"""What a person did, in words."""

from __future__ import annotations

from tastegraph.core.records import Event
from tastegraph.explain.wording import Wording

_PERSON = ("which you ", "你")


def done(event: Event, wording: Wording) -> str:
    """What a reason says of an event, without the person: "rated 5", 「打了 5 分」."""
    said = wording.done(event)
    for person in _PERSON:
        if said.startswith(person):
            return said.removeprefix(person)
    return said
