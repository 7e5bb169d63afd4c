"""The page of results: every figure from the results file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

INTRODUCTION = """# Wishes, measured

Made by `make benchmark-wishes`; every figure is from `benchmarks/results/wishes.json`. {n} wishes
were written by hand, in English and Chinese, ambiguous and impossible ones among them, with what
each asks for (`benchmarks/wishes/*.txt`). One half was written and committed before the parser
was begun, and the parser was not tuned on it (*held out*); the other half is what it was written
with (*development*). Both were written by whoever wrote the parser. No language model is used. A
wish is read right if its chips are exactly those, with direction, strength and duration, and if
exactly what cannot be understood is listed.

A list moves if the mean of each chip over the ten items rises (*more*) or falls (*less*), or is
at its end already; *only* must leave nothing else, *never* nothing of it. Compared are the lists
of {users} users of each graph before and after; a user for whom no item can be listed that a wish
asks for is left out. What wishes add to scores was raised once after a first run over all lists:
of lists, unlike of reading, no half is held out.

{how}

| graph | half | read right | lists that move | wishes that move most lists | ms a wish |
|---|---|---|---|---|---|
"""


def page(results: Mapping[str, Any]) -> str:
    """The page of one file of results."""
    graphs = results["graphs"]
    total = sum(half["wishes"] for halves in graphs.values() for half in halves.values())
    text = INTRODUCTION.format(n=total, users=results["users"], how=results["models"])
    for graph, halves in graphs.items():
        for name, half in halves.items():
            text += (
                f"| {graph} | {name} | {half['right']} of {half['wishes']} "
                f"({half['right'] / half['wishes']:.1%}) "
                f"| {half['lists_moved']} of {half['lists']} "
                f"({half['lists_moved'] / half['lists']:.1%}) "
                f"| {half['wishes_moved']} of {half['wishes_with_lists']} "
                f"| {half['milliseconds']:.2f} |\n"
            )
    text += "\n## What was read otherwise\n\n"
    mistakes = [
        f"- {graph}, {name}: “{wish}”: {'; '.join(wrong)}"
        for graph, halves in graphs.items()
        for name, half in halves.items()
        for wish, wrong in half["mistakes"].items()
    ]
    text += "\n".join(mistakes or ["Nothing."]) + "\n\n## Wishes that did not move every list\n\n"
    still = [
        f"- {graph}, {name}: “{wish}”: {outcome}"
        for graph, halves in graphs.items()
        for name, half in halves.items()
        for wish, outcome in half["not_always_moved"].items()
    ]
    return text + "\n".join(still or ["None."]) + "\n"
