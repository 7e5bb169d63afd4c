"""Reasons in words, by templates that read well even where an entity has no name."""

from __future__ import annotations

from dataclasses import dataclass

from tastegraph.records import COUNT, Event

_DONE = {
    "view": "which you viewed",
    "click": "which you clicked on",
    "purchase": "which you bought",
    "like": "which you liked",
    "dislike": "which you disliked",
    "skip": "which you skipped",
    COUNT: "which you chose",
}


@dataclass(frozen=True, slots=True)
class Common:
    """What an item of the history and the target have in common.

    Attributes:
        relation: name of the relation.
        label: name of the entity or value at its other end; empty where it has none.
        reverse: whether the items are the objects of the facts.
        direct: ``"forward"`` where the target's own fact names the item of the history,
            ``"backward"`` where that item's fact names the target, else ``None``.
    """

    relation: str
    label: str
    reverse: bool
    direct: str | None = None


def done(event: Event) -> str:
    """What the person did: "which you rated 5"."""
    if event.type == "rating" and event.value is not None:
        return f"which you rated {event.value:g}"
    if event.type == COUNT and event.value is not None and event.value.is_integer():
        return f"which you chose {event.value:,.0f} times" if event.value > 1 else _DONE[COUNT]
    return _DONE.get(event.type, "which you know")


def liked_among(common: Common, phrase: str, title: str, event: Event, alike: bool) -> str:
    """For the kind ``affinity``: what the target has and likers of the item like."""
    who = f"people who like *{title}*, {done(event)},"
    of = " of" if common.reverse else ""
    what = f"the {phrase}{of} {common.label}" if common.label else f"this {phrase}"
    return f"{who} like {what}" if alike else f"{who} like {what} less than others do"


def liked_with(title: str, event: Event, alike: bool) -> str:
    """For the kind ``behaviour``; ``alike`` where who likes one item likes the other."""
    who = f"people who like *{title}*, {done(event)},"
    return f"{who} like this too" if alike else f"{who} like this less than others do"


def text_like(title: str, event: Event, alike: bool) -> str:
    """For the kind ``text``; ``alike`` where the texts are nearer than most."""
    how = "much like" if alike else "unlike"
    return f"described {how} *{title}*, {done(event)}"


def shares_with(common: Common, phrase: str, title: str, event: Event, events: int) -> str:
    """For the kind ``knowledge``: "same director as *Fargo*, which you rated 5"."""
    item = f"*{title}*, {done(event)}"
    more = f" (and {events - 1} more)" if events > 1 else ""
    if common.direct == "forward":
        return f"its {phrase} is {item}"
    if common.direct == "backward":
        return f"{phrase} of {item}"
    if phrase.endswith(" by"):
        tail = f" {common.label}, like" if common.label else " the same as"
        return f"{phrase}{tail} {item}{more}"
    if common.reverse:
        tail = f" of {common.label}, like" if common.label else " of the same as"
        return f"{phrase}{tail} {item}{more}"
    if common.label:
        return f"{phrase} {common.label}, like {item}{more}"
    return f"same {phrase} as {item}{more}"


def popular() -> str:
    """For the kind ``popularity``."""
    return "liked by many; nothing is known of your taste yet"
