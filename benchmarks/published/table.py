"""Results for users: one table for each set on the terminal, and all of them as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from benchmarks.published.cells import MISSING, grid, number, p_value, with_interval
from benchmarks.published.slice_table import knowledge_tables, rows_by_likes
from tastegraph.evaluation.evaluator import FITTED_ON, TRAIN_AND_VALID, TRAIN_ONLY
from tastegraph.evaluation.tables import REFERENCE

SetResults = Mapping[str, Any]
_CHASE = (
    "Seconds from the start of training, data read, to a peer's best validation score, and to the "
    "first filter or network of ours that was as good:"
)
_REFITTED = "refitted on train and valid, which the field's rows above are not"
_INTRODUCTION = """# Ranking, measured

Made by `make benchmark-ranking DATA=…`; every figure is from `benchmarks/results/ranking.json`.
Settings are chosen on validation data under seed 1 and kept under the others, or chosen anew where
each seed has a split of its own. Behind ± is 95 % of the mean over seeds (Student's t); p is of the
first metric against tastegraph, user by user (randomisation, Holm-adjusted). *Fit* is the first
seed's, all choosing included. A control is the whole system, chosen and fitted anew with one kind
of knowledge taken away or made false. Rows with a source in brackets are the field's figures."""
_WORTH = """## Where knowledge is worth something

The whole system *with knowledge* (its graph) against the same without it and with a false one: the
graph beats both, p < .05 each. Beside whole sets, by each metric that is tested, the slices of few
likes by the first: items by the likes that the model was fitted on, and short histories."""
_NO_WORTH = """## Where it does not show

The same figures where the graph does not beat both."""
_BY_LIKES = """In slices ({metric}; in brackets p against tastegraph, Holm-adjusted over the table):
in those of items the test likes on such items are the only targets, and a user without one is left
out; of pairs the area is that of the pairs of such items or users. Items are counted by the likes
that the model was fitted on, histories by those that it knows."""


def rendered(name: str, results: SetResults) -> list[Table]:
    """Every row of one set, the field's beside ours, then its slices; so for each history."""
    metrics: Sequence[str] = results["metrics"]
    title = f"{name}, history: {results['history']}"
    rows = [header(metrics), *measured(results, metrics), *reported(results, metrics)]
    tables = [_table(title, rows), *_slice_tables(title, results, metrics)]
    for history, other in results["also"].items():
        title = f"{name}, history: {history}{_refitted(results, history)}"
        rows = [header(metrics), *measured(other, metrics)]
        tables += [_table(title, rows), *_slice_tables(title, other, metrics)]
    return tables


def _table(title: str, rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    columns, *others = rows
    for column in columns:
        table.add_column(column, justify="left" if column == columns[0] else "right")
    for cells in others:
        style = "bold" if cells[0] == REFERENCE else ""
        table.add_row(*map(escape, cells), style=style)
    return table


def _slice_tables(title: str, results: SetResults, metrics: Sequence[str]) -> Iterator[Table]:
    if results.get("slices"):
        yield _table(f"{title}; {_sizes(results)}", sliced(results, metrics))
    if results.get("by_likes"):
        yield _table(f"{title}; slices", rows_by_likes(results, metrics))


def in_markdown(results: SetResults) -> str:
    """All sets: what must be beaten, then a table of each."""
    parts = [_INTRODUCTION, _overview(results["sets"])]
    for text, rows in zip((_WORTH, _NO_WORTH), knowledge_tables(results["sets"]), strict=True):
        parts.append(f"{text}\n\n{grid(rows)}" if len(rows) > 1 else f"{text}\n\nNowhere.")
    parts.append("## Every set")
    for name, results_of_set in results["sets"].items():
        metrics = results_of_set["metrics"]
        rows = [
            header(metrics),
            *measured(results_of_set, metrics),
            *reported(results_of_set, metrics),
        ]
        protocol = results_of_set["protocol"]
        subtitle = f"{protocol[0].upper()}{protocol[1:]}. History: {results_of_set['history']}."
        parts.append(f"### {name}\n\n{subtitle}\n\n{grid(rows)}")
        parts += _slices_in_markdown(results_of_set, metrics)
        if results_of_set.get("chase"):
            parts.append(f"{_CHASE}\n\n{grid(chased(results_of_set['chase']))}")
        for history, other in results_of_set["also"].items():
            rows = [header(metrics), *measured(other, metrics)]
            subtitle = f"The same with history {history}{_refitted(results_of_set, history)}:"
            parts.append(f"{subtitle}\n\n{grid(rows)}")
            parts += _slices_in_markdown(other, metrics)
    machine = results["machine"]
    parts.append(f"{machine['cpu']}, Python {machine['python']}.")
    return "\n\n".join(parts) + "\n"


def _refitted(results: SetResults, history: str) -> str:
    """A word where a model has learned from more than those who are published."""
    fits = FITTED_ON.get(results["history"]), FITTED_ON.get(history)
    return f" ({_REFITTED})" if fits == (TRAIN_ONLY, TRAIN_AND_VALID) else ""


def _slices_in_markdown(results: SetResults, metrics: Sequence[str]) -> Iterator[str]:
    if results.get("slices"):
        yield f"Apart: {_sizes(results)}.\n\n{grid(sliced(results, metrics))}"
    if results.get("by_likes"):
        text = _BY_LIKES.format(metric=metrics[0])
        yield f"{text}\n\n{grid(rows_by_likes(results, metrics))}"


def _sizes(results: SetResults) -> str:
    slices = results["slices"].items()
    return ", ".join(f"{name} ({entry['size']:,} users)" for name, entry in slices)


def sliced(results: SetResults, metrics: Sequence[str]) -> list[list[str]]:
    """The metrics of each slice beside one another: a head, then a row of text for each model."""
    slices: Mapping[str, SetResults] = results["slices"]
    rows = [["model", *(f"{of}, {name}" for name in slices for of in (*metrics, "p"))]]
    for row in results["rows"]:
        columns = [_metrics(one, row, metrics) for one in slices.values()]
        rows.append([row, *(cell for cells in columns for cell in cells)])
    for published in results.get("published", ()):
        if values := published.get("slices"):
            columns = [[number(values.get(name, {}).get(m), 4) for m in metrics] for name in slices]
            cells = [cell for cells in columns for cell in (*cells, MISSING)]
            rows.append([f"{published['model']} ({published['source']})", *cells])
    return rows


def _metrics(results: SetResults, row: str, metrics: Sequence[str]) -> list[str]:
    """A model's metrics with their intervals, and p of the first."""
    values, p = results["rows"][row], results["p"].get(row, {}).get(metrics[0])
    return [
        *(with_interval(values.get(m), results["intervals"][row].get(m)) for m in metrics),
        p_value(p),
    ]


def header(metrics: Sequence[str]) -> list[str]:
    """Names of the columns."""
    return ["model", *metrics, "p", "fit, s", "ranking, s", "memory, MiB"]


def measured(results: SetResults, metrics: Sequence[str]) -> Iterator[list[str]]:
    """A row of text for each model that was measured, and for each that could not be."""
    for row in results["rows"]:
        yield [
            row,
            *_metrics(results, row, metrics),
            number(results["seconds"][row]["fit"], 1),
            number(results["seconds"][row]["score"], 1),
            number(results["memory"][row], 0),
        ]
    for row, reason in results.get("absent", {}).items():
        yield [f"{row}: {reason}", *[MISSING] * (len(metrics) + 4)]


def chased(chase: SetResults) -> list[list[str]]:
    """How soon our choice had something as good as each peer at its best."""
    rows = [["peer", "its best validation NDCG@10", "its seconds", "ours", "ratio"]]
    for name, entry in chase.items():
        figures = (
            (entry["valid"], 4),
            (entry["seconds"], 1),
            (entry["ours"], 1),
            (entry["ratio"], 1),
        )
        rows.append([name, *(number(value, digits) for value, digits in figures)])
    return rows


def reported(results: SetResults, metrics: Sequence[str]) -> Iterator[list[str]]:
    """A row of text for each of the field's."""
    for row in results["published"]:
        if any(metric in row for metric in metrics):
            cells = [number(row.get(metric), 4) for metric in metrics]
            yield [f"{row['model']} ({row['source']})", *cells, *[MISSING] * 4]


def _overview(sets: SetResults) -> str:
    rows = [["set", "metric", REFERENCE, "95 %", "must beat", "aim"]]
    for name, results in sets.items():
        for metric, bar in results["must_beat"].items():
            ours = results["rows"].get(REFERENCE, {}).get(metric)
            interval = results["intervals"].get(REFERENCE, {}).get(metric)
            rows.append([
                name, metric, number(ours, 4),
                MISSING if interval is None else f"{interval[0]:.4f}–{interval[1]:.4f}",
                number(bar, 4), number(results["aim"].get(metric), 4),
            ])  # fmt: skip
    return grid(rows)
