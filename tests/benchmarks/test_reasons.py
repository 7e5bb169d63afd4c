"""What the reasons of a workspace speak of, counted by hand."""

from __future__ import annotations

from benchmarks.details.reasons import summary

from tastegraph.explain.worded import PathStep, WordedReason


def reason(kind: str, share: float, *, has_fact: bool = False) -> WordedReason:
    step = PathStep.model_construct()
    return WordedReason.model_construct(kind=kind, share=share, path=(step,) if has_fact else ())


def test_kinds_shares_and_items_are_counted() -> None:
    first = [reason("knowledge", 1.0, has_fact=True), reason("affinity", 0.5, has_fact=True)]
    second = [reason("text", 0.25), reason("text", 0.25)]
    assert summary([first, second]) == {
        "items": 2,
        "items with a fact": 1,
        "reasons": 4,
        "reasons with a fact": 2,
        "by kind": {"text": 2, "knowledge": 1, "affinity": 1},
        "share by kind": {"knowledge": 0.5, "affinity": 0.25, "text": 0.25},
    }
