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
    "system_taught": "the whole system, text taught",
}
WARM_ROWS = {
    "system": "**the whole system**",
    "system_no_text": "the same without text",
    "ease": "EASE",
    "popularity": "popularity",
}
INTRODUCTION = """# The language model, measured

Made by `make benchmark-language DATA=…`; every figure is from `benchmarks/results/language.json`.
Means over people and seeds, in brackets their 95 % bootstrap interval; p against the whole system
on NDCG@20, sign-flip test, Holm-adjusted. A person of several seeds counts as several, which makes
intervals a little narrow. Cold items have three seeds; new people and sparse data three on ml100k
and one on the larger sets. The encoder is all-MiniLM-L6-v2, 48 tokens of a film's text and 32 of a
product's title; a network of one epoch, 50 events of a history.
"""
COLD = """## Strict cold items

A fifth of the items, drawn by seed, is in no training signal: no event on them, nor their text in
any lesson. A person's history is what they did before the test part with the other items; asked is
for their test events on the cold ones. Each row of text is taught what the row above it is and one
lesson more. *Best ridge* is the best, on the test data themselves, of five representations mapped
to 64 or 256 collaborative factors with three strengths: an oracle. What a person did earlier with
cold items stays among what is ranked, in every row. DBpedia is younger than the ratings of
MovieLens, so its links leak fame. The lessons are short: 30 steps of pre-training with 16 pairs, 30
of alignment and co-engagement with 32 texts.
"""
SAME = """### What the lessons taught

The same vectors, asked for what people did with the cold items *before* the test part, in the
period the lessons are from. p against frozen.
"""
NEW = """## New people

A fifth of everybody is in no training signal; their history is cut to their newest events. Ranked
among all items, NDCG@20.
"""
SPARSE = """## Sparse data

Everybody's events before the test part thinned by chance; what was thinned away is still not
recommended. Ranked among all items, NDCG@20. EASE has λ = 250, as it comes.
"""
SPEED = """## Texts a second

On two threads, turn about in one run; film texts of MovieLens-1M, at most 128 tokens.
"""


def table(results: Mapping[str, Any]) -> str:
    """Markdown."""
    parts = [INTRODUCTION]
    if "cold_items" in results:
        parts += [COLD, *_cold(results["cold_items"]), SAME, *_same(results["cold_items"])]
    for name, heading in (("new_people", NEW), ("sparse", SPARSE)):
        if name in results:
            parts += [heading, *_warm(results[name], name)]
    if "throughput" in results:
        parts += [SPEED, _throughput(results["throughput"])]
    if "finetuning" in results:
        parts.append(_finetuning(results["finetuning"]))
    return "\n".join(parts).rstrip() + "\n"


def _cold(found: Mapping[str, Any]) -> Iterator[str]:
    for name, told in found.items():
        yield f"### {name}: {told['people']} people with seed 1, {told['cold_items']} cold items\n"
        yield _head("row", "NDCG@20", "Recall@20", "p", "NDCG@20 among all", "Recall@20 among all")
        for row, label in COLD_ROWS.items():
            if row in told["rows"]:
                here, among = told["rows"][row], told["among_all"]["rows"][row]
                yield _line(
                    label, _with_interval(here, "ndcg@20"), _with_interval(here, "recall@20"),
                    _p(here), f"{among['ndcg@20']:.4f}", f"{among['recall@20']:.4f}",
                )  # fmt: skip
        yield f"\nBest ridge: {told['ridge_best']}.\n"


def _same(found: Mapping[str, Any]) -> Iterator[str]:
    rows = ("frozen", "facts", "pretrained", "aligned", "co_engagement")
    yield _head("set", *(COLD_ROWS[row] for row in rows))
    taught = {name: told for name, told in found.items() if told["lessons"]}
    for name, told in taught.items():
        same = told["same_period"]["rows"]
        yield _line(name, *(f"{same[row]['ndcg@20']:.4f}{_star(same[row])}" for row in rows))
    yield "\n\\* p < .05 against frozen.\n"
    yield "What each lesson added to NDCG@20, later events / events of the same period:\n"
    yield _head("set", *(COLD_ROWS[row].removeprefix("+ ") for row in rows[1:]))
    for name, told in taught.items():
        gains = []
        for before, after in pairwise(rows):
            later, same = (
                found[after]["ndcg@20"] - found[before]["ndcg@20"]
                for found in (told["rows"], told["same_period"]["rows"])
            )
            gains.append(f"{later:+.4f} / {same:+.4f}")
        yield _line(name, *gains)
    yield ""
    yield _head(
        "set", "held-out perplexity before", "after", "next sentence right before", "after",
        "seconds: pre-training", "alignment", "alignment and co-engagement",
    )  # fmt: skip
    for name, told in taught.items():
        lessons = told["lessons"]
        quality = [
            f"{_mean(lessons, 'pretraining', when, what):.{digits}f}"
            for what, digits in (("perplexity", 1), ("following", 3))
            for when in ("before", "after")
        ]
        spent = [
            f"{sum(lesson['seconds'][row] for lesson in lessons) / len(lessons):.0f}"
            for row in ("pretrained", "aligned", "co_engagement")
        ]
        yield _line(name, *quality, *spent)
    yield ""


def _warm(found: Mapping[str, Any], what: str) -> Iterator[str]:
    for name, by_size in found.items():
        sizes = list(by_size)
        heads = (
            [f"{n} event{'s' if n != '1' else ''}" for n in sizes]
            if what == "new_people"
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


def _throughput(found: Mapping[str, Any]) -> str:
    lines = [_head("engine", "texts a second", "× torch", "lowest cosine to torch", "mean")]
    for name, told in found.items():
        lines.append(
            _line(
                name,
                f"{told['texts_per_second']:.0f}",
                f"{told['times_torch']:.2f}",
                f"{told['lowest_cosine']:.5f}",
                f"{told['mean_cosine']:.5f}",
            )
        )
    return "\n".join(lines)


def _finetuning(found: Mapping[str, Any]) -> str:
    pretrained, tuned = found["pretraining"], found["finetuning"]
    return (
        f"\nAll three lessons, as long as they are by default, on the {found['texts']:,} texts of "
        f"MovieLens-1M took {found['seconds']:.0f} s: {pretrained['steps']} steps of pre-training "
        f"({pretrained['seconds']:.0f} s) and {tuned['steps']} of alignment and co-engagement "
        f"({tuned['seconds']:.0f} s; loss {tuned['first_loss']:.2f} to {tuned['last_loss']:.2f})."
    )


def _mean(lessons: list[Mapping[str, Any]], *keys: str) -> float:
    values = []
    for lesson in lessons:
        value: Any = lesson
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
