"""Chips in words, English and Chinese."""

from __future__ import annotations

from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.serving.wishes.chips import Chip, Direction, Duration

_DIRECTIONS: dict[Direction, str] = {
    "more": "chip.more", "less": "chip.less", "only": "chip.only", "never": "chip.never",
}  # fmt: skip
_DURATIONS: dict[Duration, str] = {"session": "chip.session", "always": "chip.always"}
_TRENDS: dict[tuple[str, str | None], str] = {
    ("trend", "up"): "chip.trend_up", ("trend", "down"): "chip.trend_down",
    ("popularity", "up"): "chip.popularity_up", ("popularity", "down"): "chip.popularity_down",
}  # fmt: skip


def chip_text(chip: Chip, language: Language) -> str:
    """A chip as one reads it: "less Crime", "only year 1970–1979, for 7 days"."""
    text = Message(_DIRECTIONS[chip.direction], what=chip_target(chip)).text(language)
    if chip.kind == "question":
        labels = [_candidate(each.label, each.relation) for each in chip.alternatives]
        return Message("chip.question", words=chip.words, candidates=labels).text(language)
    if chip.duration == "days" and chip.days is not None:
        text = Message("chip.days", chip=text, days=f"{chip.days:g}").text(language)
    elif chip.duration in _DURATIONS:
        text = Message(_DURATIONS[chip.duration], chip=text).text(language)
    return text


def _candidate(label: str, relation: str | None) -> str:
    return label if relation is None else f"{label} ({relation})"


def chip_target(chip: Chip) -> object:
    """What a chip is about, as a text or a message."""
    match chip.kind:
        case "entity":
            return chip.label or chip.node
        case "similar":
            return Message("chip.like", title=chip.label or chip.node)
        case "range":
            low, high = chip.low, chip.high
            if low is not None and low == high:
                return Message("chip.exactly", what=chip.label, low=f"{low:g}")
            if low is None:
                return Message("chip.up_to", what=chip.label, high=f"{high:g}")
            if high is None:
                return Message("chip.at_least", what=chip.label, low=f"{low:g}")
            return Message("chip.between", what=chip.label, low=f"{low:g}", high=f"{high:g}")
        case "trend" | "popularity":
            return Message(_TRENDS[chip.kind, chip.toward], what=chip.label)
        case "novelty":
            return Message("chip.novelty")
        case _:
            return chip.words
