"""The page of results: every figure from the results file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.new_items.cut import FIRST_SEEN, WITHHELD
from benchmarks.new_items.fits import ADDED, CATALOGUE
from benchmarks.new_items.moments import FIRST, MOST
from benchmarks.published.cells import grid

Found = Mapping[str, Any]

INTRODUCTION = f"""# New items, measured

Made by `make benchmark-new-items DATA=…`; every figure is from `benchmarks/results/new_items.json`.

Time is cut. The model is chosen and fitted on what happened before; items without an event until
then are *new*: in the catalogue with all that is stated of them. After the cut users are asked
for their likes, up to {MOST} each, drawn by the seed, and for the first {FIRST} likes of each new
item. A history holds all that the user did at earlier times, after the cut too; who liked nothing
yet is not asked, and nobody is offered what they know.

- *Share of places*: of the first tens of the lists, what new items take. Beside it stands the share
  of these likes that went to new items: what a list without bias would give them.
- *Listed*: of the new items, those that stand in anybody's first ten.
- *First likes*: NDCG@10 of new items' first likes among all items, and among new items alone;
  *median rank* among all.
- *All likes*, *known items*: NDCG@10 of all likes and of those on known items, with new items in
  the catalogue and (in brackets) without them: what showing them costs.

Means over users; behind ± is half of the 95 % interval (bootstrap). `system` is the model as it
is, by whichever weights; the rows below rank new items by other weights. *Oracle* puts each new
item behind as many known ones as will be liked more often; *random* deals the system's places for
new items out anew."""

HOW = {
    FIRST_SEEN: "Items whose first event lies behind the cut, as it happened",
    WITHHELD: "The same, and the earlier events of a tenth of the other items are taken away",
}
WHEN = {
    CATALOGUE: "In the catalogue when the model was learned:",
    ADDED: "Added after it was learned:",
}
HEAD = [
    "new items by", "share of places", "listed", "first likes", "among new", "median rank",
    "all likes", "known items",
]  # fmt: skip


def page(results: Found) -> str:
    """Markdown."""
    parts = [INTRODUCTION]
    for name, of_set in results["sets"].items():
        parts.append(
            f"## {name}\n\nCut at {of_set['cut']:.0%} of the events; seed {of_set['seed']}, "
            f"up to {of_set['epochs']} epochs."
        )
        for arrival in HOW:
            if arrival in of_set:
                parts += [f"### {name}, {arrival}", *_arrival(arrival, of_set[arrival])]
    machine = results["machine"]
    parts.append(f"{machine['cpu']}, Python {machine['python']}.")
    return "\n\n".join(parts) + "\n"


def _arrival(arrival: str, counts: Found) -> Iterator[str]:
    yield (
        f"{HOW[arrival]}: {counts['new']:,} new items of {counts['items']:,}, "
        f"{counts['new_liked']:,} of them liked. "
        f"{counts['lists']:,} lists of {counts['people']:,} users; "
        f"{counts['first_likes']:,} first likes. New items have "
        f"**{_share(counts['share_of_likes'])}** of the likes."
    )
    for kind, rules in counts["models"].items():
        rows = [HEAD]
        for rule, figures in rules.items():
            rows.append([
                rule, _share(figures["share"]), f"{figures['listed']:.1%}",
                _value(figures["first_likes"]), _value(figures["among_new"]),
                f"{figures['median_rank']:,.0f}",
                f"{_value(figures['likes'])} ({figures['likes_hidden']['mean']:.4f})",
                f"{_value(figures['known'])} ({figures['known_hidden']['mean']:.4f})",
            ])  # fmt: skip
        yield f"{WHEN[kind]}\n\n{grid(rows)}"


def _half(figure: Found) -> float:
    low, high = figure["interval"]
    return float(high - low) / 2


def _share(figure: Found) -> str:
    return f"{figure['mean']:.2%} ± {_half(figure):.2%}"


def _value(figure: Found) -> str:
    return f"{figure['mean']:.4f} ± {_half(figure):.4f}"
