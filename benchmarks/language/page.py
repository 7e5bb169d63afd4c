"""The page of results: every figure from the results file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

COLD_ROWS = {
    "random": "chance",
    "popularity": "popularity of the director or brand",
    "tfidf": "TF-IDF, nearest neighbours",
    "frozen": "MiniLM frozen, nearest neighbours",
    "facts": "+ facts in the text",
    "pretrained": "+ masked words, next sentence",
    "aligned": "+ alignment with the graph",
    "co_engagement": "+ co-engagement",
    "kg_tfidf": "graph neighbours, TF-IDF",
    "ridge_best": "best ridge to collaborative factors",
    "system": "**the whole system**",
    "system_taught": "the whole system, encoder fine-tuned",
}
WARM_ROWS = {
    "system": "**the whole system**",
    "system_no_text": "the same without text",
    "ease": "EASE",
    "popularity": "popularity",
}
INTRODUCTION = """# The language model, measured

Made by `make benchmark-language DATA=…`; every figure is from `benchmarks/results/language.json`.
Means over users and seeds, in brackets their 95 % bootstrap interval; p against the whole system
on NDCG@20, sign-flip test, Holm-adjusted. A user in several seeds counts as several, which makes
intervals a little narrow. Cold items have three seeds; new users and sparse data three on ml100k
and one on the larger sets. The encoder is all-MiniLM-L6-v2, 48 tokens of a film's text and 32 of a
product's title; a network of one epoch, 50 events of a history.
"""
COLD = """## Strict cold items

A fifth of the items, drawn by seed, is in no training signal: neither events on them nor, in
fine-tuning, their texts. A user's history is the events on other items before the test split; the
targets are the test events on cold items. Each row of text is fine-tuned on the objectives of the
row above and one more. *Best ridge* is the best, on the test data themselves, of five
representations mapped to 64 or 256 collaborative factors with three penalties: an upper bound. Cold
items of a user's earlier events are candidates too, in every row. DBpedia is younger than the
ratings of MovieLens, so its links reveal popularity. The fine-tuning is short: 30 steps of
pre-training with 16 pairs, 30 of alignment and co-engagement with 32 texts.
"""
SAME_PERIOD = """### What each objective contributes

The same vectors, with the events on cold items *before* the test split as targets: they are of the
period of the training data. p against frozen.
"""
NEW_USERS = """## New users

A fifth of the users is in no training signal; their histories are cut to the newest events. Lists
of all items, NDCG@20.
"""
SPARSE = """## Sparse data

The events of all users before the test split thinned at random; items of removed events are not
recommended either. Lists of all items, NDCG@20. EASE has λ = 250, its default.
"""
SPEED = """## Texts a second

On two threads, the engines in turn in one run; film texts of MovieLens-1M, at most 128 tokens.
"""
READING = """## Whole texts or tokens

`[text] reading = "tokens"` against the default, `"whole"`. *Neighbours* compare items by their
texts' vectors alone; *ridge* maps these vectors to 256 collaborative factors, λ 1, for both; both
over three seeds of cold items. *System* is the whole system with seed 1. *Warm*: lists of all
items. p against the same ranker of whole texts.
"""
READING_SPEED = """### How fast

Texts of a synthetic shop a second of processor time, on one thread, the readers in turn in one run.
"""


def page(results: Mapping[str, Any]) -> str:
    """The page in Markdown, of the content of the results file."""
    parts = [INTRODUCTION]
    if "cold_items" in results:
        parts += [COLD, *_cold(results["cold_items"])]
        parts += [SAME_PERIOD, *_same_period(results["cold_items"])]
    for name, heading in (("new_people", NEW_USERS), ("sparse", SPARSE)):
        if name in results:
            parts += [heading, *_warm(results[name], name)]
    if "reading" in results:
        parts += [READING, *_reading(results["reading"], results.get("reading_system", {}))]
    if "reading_speed" in results:
        parts += [READING_SPEED, *_reading_speed(results["reading_speed"])]
    if "throughput" in results:
        parts += [SPEED, _throughput(results["throughput"])]
    if "finetuning" in results:
        parts.append(_finetuning(results["finetuning"]))
    return "\n".join(parts).rstrip() + "\n"


def _cold(results: Mapping[str, Any]) -> Iterator[str]:
    for name, result in results.items():
        users, items = result["people"], result["cold_items"]
        yield f"### {name}: {users} users with seed 1, {items} cold items\n"
        yield _head("row", "NDCG@20", "Recall@20", "p", "NDCG@20 of all", "Recall@20 of all")
        for row, label in COLD_ROWS.items():
            if row in result["rows"]:
                cold, of_all = result["rows"][row], result["among_all"]["rows"][row]
                yield _line(
                    label, _with_interval(cold, "ndcg@20"), _with_interval(cold, "recall@20"),
                    _p(cold), f"{of_all['ndcg@20']:.4f}", f"{of_all['recall@20']:.4f}",
                )  # fmt: skip
        yield f"\nBest ridge: {result['ridge_best']}.\n"


def _same_period(results: Mapping[str, Any]) -> Iterator[str]:
    rows = ("frozen", "facts", "pretrained", "aligned", "co_engagement")
    yield _head("set", *(COLD_ROWS[row] for row in rows))
    finetuned = {name: result for name, result in results.items() if result["lessons"]}
    for name, result in finetuned.items():
        same_period = result["same_period"]["rows"]
        cells = (f"{same_period[row]['ndcg@20']:.4f}{_star(same_period[row])}" for row in rows)
        yield _line(name, *cells)
    yield "\n\\* p < .05 against frozen.\n"
    yield "Gain of NDCG@20 by each objective, later events / events of the same period:\n"
    yield _head("set", *(COLD_ROWS[row].removeprefix("+ ") for row in rows[1:]))
    for name, result in finetuned.items():
        gains = []
        for before, after in pairwise(rows):
            later, same = (
                values[after]["ndcg@20"] - values[before]["ndcg@20"]
                for values in (result["rows"], result["same_period"]["rows"])
            )
            gains.append(f"{later:+.4f} / {same:+.4f}")
        yield _line(name, *gains)
    yield ""
    yield _head(
        "set", "held-out perplexity before", "after", "next sentence right before", "after",
        "seconds: pre-training", "alignment", "alignment and co-engagement",
    )  # fmt: skip
    for name, result in finetuned.items():
        finetunings = result["lessons"]
        quality = [
            f"{_mean(finetunings, 'pretraining', when, metric):.{digits}f}"
            for metric, digits in (("perplexity", 1), ("following", 3))
            for when in ("before", "after")
        ]
        seconds = [
            f"{_mean(finetunings, 'seconds', row):.0f}"
            for row in ("pretrained", "aligned", "co_engagement")
        ]
        yield _line(name, *quality, *seconds)
    yield ""


def _warm(results: Mapping[str, Any], measurement: str) -> Iterator[str]:
    for name, by_size in results.items():
        sizes = list(by_size)
        heads = (
            [f"{n} event{'s' if n != '1' else ''}" for n in sizes]
            if measurement == "new_people"
            else [f"{float(share):.0%} of the events" for share in sizes]
        )
        yield f"### {name}\n"
        yield _head("row", *heads)
        for row, label in WARM_ROWS.items():
            yield _line(
                label,
                *(_with_interval(by_size[n]["rows"][row], "ndcg@20", p=True) for n in sizes),
            )
        yield ""


def _reading(texts: Mapping[str, Any], systems: Mapping[str, Any]) -> Iterator[str]:
    yield _head("set", "lists", "ranker", "NDCG@20", "Recall@20", "p")
    for name, result in [*texts.items(), *systems.items()]:
        for lists in (lists for lists in ("cold", "warm") if lists in result):
            for row, values in result[lists].items():
                yield _line(
                    name, lists, row, _with_interval(values, "ndcg@20"),
                    _with_interval(values, "recall@20"), _p(values),
                )  # fmt: skip
    yield ""


def _reading_speed(result: Mapping[str, Any]) -> Iterator[str]:
    readers = result["readers"]
    slowest = min(reader["texts_per_second"] for reader in readers.values())
    yield _head("reader", "texts a second", "times the slowest")
    for name, reader in readers.items():
        speed = reader["texts_per_second"]
        yield _line(name, f"{speed:,.0f}", f"{speed / slowest:,.1f}")
    yield (
        f"\nReading the {result['tokens']:,} tokens once took "
        f"{result['distillation_seconds']:.0f} s of processor time.\n"
    )


def _throughput(results: Mapping[str, Any]) -> str:
    lines = [_head("engine", "texts a second", "× torch", "lowest cosine to torch", "mean")]
    for name, result in results.items():
        lines.append(
            _line(
                name,
                f"{result['texts_per_second']:.0f}",
                f"{result['times_torch']:.2f}",
                f"{result['lowest_cosine']:.5f}",
                f"{result['mean_cosine']:.5f}",
            )
        )
    return "\n".join(lines)


def _finetuning(results: Mapping[str, Any]) -> str:
    pretrained, tuned = results["pretraining"], results["finetuning"]
    return (
        f"\nAll three objectives, with the default steps, on the {results['texts']:,} texts of "
        f"MovieLens-1M took {results['seconds']:.0f} s: {pretrained['steps']} steps of "
        f"pre-training ({pretrained['seconds']:.0f} s) and {tuned['steps']} of "
        f"alignment and co-engagement ({tuned['seconds']:.0f} s; "
        f"loss {tuned['first_loss']:.2f} to {tuned['last_loss']:.2f})."
    )


def _mean(finetunings: list[Mapping[str, Any]], *keys: str) -> float:
    values = []
    for finetuning in finetunings:
        value: Any = finetuning
        for key in keys:
            value = value[key]
        values.append(float(value))
    return sum(values) / len(values)


def _with_interval(row: Mapping[str, Any], metric: str, *, p: bool = False) -> str:
    low, high = row[f"{metric}_interval"]
    return f"{row[metric]:.4f} [{low:.4f}, {high:.4f}]{_star(row) if p else ''}"


def _p(row: Mapping[str, Any]) -> str:
    return f"{row['p']:.4f}" if "p" in row else "–"


def _star(row: Mapping[str, Any]) -> str:
    return "\\*" if row.get("p", 1) < 0.05 else ""


def _head(*cells: str) -> str:
    return f"{_line(*cells)}\n{_line('---', *['---:'] * (len(cells) - 1))}"


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
