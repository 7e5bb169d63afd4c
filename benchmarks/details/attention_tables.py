"""The tables of attention to events and to facts, from the results file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.published.cells import grid

Found = Mapping[str, Any]

TARGET = """## Which event should speak for an item

Target attention (DIN, Zhou et al. 2018) as a sum over events: αₜ · wₜ(i) · K[t, i], with wₜ(i) ∝
exp(β · z(K[t, i])) of mean 1 over the events of a history, *even*ly or as they are *attended* to.
β = 0 is what is served. On the first 200 items of today's lists, β from 0, .5, 1, 2 and 4 is chosen
for each component in the blend by one half of the validation users and judged on the other half;
what is gained in NDCG@10 is given with its paired standard error and the β that each half chose.
*best β* is what the best of .5 to 4 gains with all users, who chose it. *All* components were
chosen together. Measured before the network was shrunk towards knowledge by default."""

CONTENT = """## How much each fact of an item should say

A tie is confidence × specificity × √(learned weight of its relation). Tried are other powers of
specificity and of the weights (0 is off, 1 today), and *entities*: the attention of each entity,
from how much more those who like one of its items like its others than those of other entities of
the relation, by empirical Bayes. What is gained in NDCG@10 over today on validation data, with its
paired standard error: for knowledge and mapped knowledge alone, on warm and on cold items, and in
the blend, each with the weight that the other half of the users chose. Measured before the network
was shrunk towards knowledge by default."""
TODAY = "specificity 1, relations 1"


def target_table(sets: Mapping[str, Found]) -> str:
    """One row for each set and component."""
    rows = [["set", "component", "even", "β", "attended", "β", "best β", "gain"]]
    for name, entry in sets.items():
        for component, even in entry["even"].items():
            attended = entry["attended"][component]
            cells = [name, component, _gain(even), _sharpness(even["sharpness"])]
            cells += [_gain(attended), _sharpness(attended["sharpness"])]
            rows.append(cells + _best(even, attended))
    every = [
        entry[normalisation][component]
        for entry in sets.values()
        for normalisation in ("even", "attended")
        for component in entry[normalisation]
    ]
    clear = sum(_is_clear(gain) for gain in every)
    verdict = f"Of {len(every)} gains {clear or 'none'} are above two standard errors"
    verdict += "; it is built where two sets have one." if clear else ", so it is not built."
    today = ", ".join(
        f"{name} {entry['ndcg']:.4f} ({entry['users']:,} users)" for name, entry in sets.items()
    )
    return f"{grid(rows)}\n\n{verdict} NDCG@10 today: {today}."


def content_tables(sets: Mapping[str, Found]) -> Iterator[str]:
    """A table for each set: one row for each way, one column for each thing judged."""
    for name, entry in sets.items():
        ways = {way: judged for way, judged in entry.items() if isinstance(judged, Mapping)}
        columns = list(ways[TODAY])
        rows = [[name, *columns]]
        rows.append(["today", *(f"{ways[TODAY][column]['ndcg']:.4f}" for column in columns)])
        for way, judged in ways.items():
            if way != TODAY:
                rows.append([way, *(_gain(judged[column]) for column in columns)])
        yield grid(rows)
        yield f"{entry['users']:,} users on warm items, {entry['cold_users']:,} on cold ones."
    yield _verdict(sets)


def _verdict(sets: Mapping[str, Found]) -> str:
    """Which way gains more than two standard errors of one thing on two sets."""
    gaining: dict[tuple[str, str], list[str]] = {}
    for name, entry in sets.items():
        for way, judged in entry.items():
            for column, gain in judged.items() if isinstance(judged, Mapping) else ():
                if _is_clear(gain):
                    gaining.setdefault((way, column), []).append(name)
    often = [
        f"{way} ({column}: {', '.join(names)})"
        for (way, column), names in gaining.items()
        if len(names) > 1
    ]
    condition = "more than two standard errors on two sets"
    if often:
        return f"What gains {condition}: {'; '.join(often)}."
    return f"No way gains {condition} in any column, so all stays as it is today."


def _is_clear(entry: Found) -> bool:
    """Whether a gain is above two standard errors."""
    return bool(entry["gain"] > 2 * entry["error"])


def _gain(entry: Found) -> str:
    return f"{entry['gain']:+.4f} ± {entry['error']:.4f}"


def _sharpness(chosen: list[Any]) -> str:
    """What each half chose; of all components together only how many it chose to sharpen."""
    if any(isinstance(each, Mapping) for each in chosen):
        return ", ".join(f"{len(each)} above 0" for each in chosen)
    return ", ".join(f"{each:g}" for each in chosen)


def _best(*entries: Found) -> list[str]:
    gains = [
        (sharpness, each)
        for entry in entries
        for sharpness, each in entry.get("by_sharpness", {}).items()
    ]
    if not gains:
        return ["–", "–"]
    sharpness, best = max(gains, key=lambda pair: float(pair[1]["gain"]))
    return [sharpness, _gain(best)]
