"""The page of results: every figure from the results file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.published.cells import grid

INTRODUCTION = """# Experiments, measured

Made by `make benchmark-experiments`; every figure is from `benchmarks/results/experiments.json`.

Users of two variants are simulated over {days} days. Their true rates of response are known: either
one variant is better (*known winner*), or both are alike (*tie*). Somebody looks at the end of each
day, and ends the experiment at the first verdict. Users differ in how often they respond, come
again, and their lists are alike (the correlation of two lists of one user is given). Each row has
{runs} runs of each kind, seed {seed}.

- *Sequence*: as the product tells it, by intervals that hold at all looks together, over users
  ([how](experiments.md#how-sure-a-verdict-is)).
- *One look*: what is usual instead, the 95 % interval of independent lists, looked at every day.
"""
HEAD = ["verdicts by", "winner told right", "told wrong", "median day", "median lists",
        "tie told a winner"]  # fmt: skip


def page(results: Mapping[str, Any]) -> str:
    """Markdown."""
    worlds = results["worlds"]
    days = next(iter(worlds.values()))["world"]["days"]
    parts = [INTRODUCTION.format(days=days, runs=results["runs"], seed=results["seed"])]
    for name, result in worlds.items():
        world, rows = result["world"], [HEAD]
        for rule, figures in result["rules"].items():
            rows.append([
                rule,
                f"{figures['right']} of {results['runs']}",
                str(figures["wrong"]),
                f"{figures['day']:.0f}",
                f"{figures['lists']:,.0f}",
                f"{figures['tie_told']} of {results['runs']}",
            ])  # fmt: skip
        parts.append(
            f"## {name.capitalize()}\n\n{world['rate']:.1%} of the lists of the control get a "
            f"response, {world['rate'] + world['gain']:.1%} of the other variant's. "
            f"{world['users']:,} new users of each a day; who came before comes again with "
            f"probability {world['returning']:g} a day; correlation {world['likeness']:g}.\n\n"
            f"{grid(rows)}\n"
        )
    machine = results["machine"]
    parts.append(f"{machine['cpu']}, Python {machine['python']}.\n")
    return "\n".join(parts)
