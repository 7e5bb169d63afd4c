"""What a person did, in words."""

from __future__ import annotations

from tastegraph.languages import Language
from tastegraph.messages import TEMPLATES, Message
from tastegraph.records import Event


def done(event: Event, language: Language) -> str:
    """ "rated 5"; an event of a workspace's own type is called by the type's name."""
    key = f"event.{event.type}"
    if event.type == "rating" and event.value is not None:
        return Message("event.rating_of", value=event.value).text(language)
    return Message(key).text(language) if key in TEMPLATES else event.type
