"""The results as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

HEAD = """# Measurements of the knowledge graph

Written by `make benchmark-knowledge DATA=…`; the figures are those of
`benchmarks/results/knowledge.json`. Intervals are 95 %, by bootstrap over units (films, items,
entities) or, where it says so, over seeds. Code chooses on other data than it measures.

People who built it saw more than that, so take these figures as a little too good:

- **Linking**: about half of the measured items were among those whose errors were read while
  features were made.
- **Starring**: that the names of people and companies are known, and those of films are not looked
  for, was settled with measured figures in sight. The row *graph of learning half* knows no name
  but those of the half it learned from.
- **Text2KGBench**: settings were chosen on parts of the training sentences; the scores on the test
  sentences were seen four times between changes, and eleven of the monuments' test sentences were
  read to check the scores against those that the benchmark's own program had printed.
- **Fusion**: settings were made on 30 % of imdb-tmdb, which the learning-free figure includes.
"""
SCORES = ("precision", "recall", "f1")


def table(results: Mapping[str, Any]) -> str:
    """The page, as Markdown; parts that were not measured are left out."""
    parts = [HEAD]
    for name, write in _PARTS.items():
        if name in results:
            parts.append(write(results[name]))
    return "\n".join(parts)


def _linking(results: Mapping[str, Any]) -> str:
    rows = {
        f"{name}, {row}" if row else name: scores
        for name in ("ml1m", "ml100k", "ml100k_wikidata")
        if name in results
        for row, scores in _with_rows(results[name]).items()
    }
    return (
        "## Titles linked to DBpedia and Wikidata\n\n"
        "Candidates are all entities of the graph. The linker learns from one half of the items; "
        "recall is over the gold entities that are in the graph, *recall of all* over the others "
        "too. *unfitted* knows no link to learn from.\n\n"
        + _scores(rows, "recall_of_all", "ece")
        + _linked_by_demo(results.get("ml100k_wikidata"))
    )


def _linked_by_demo(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    return (
        f"\nWithout known links, as in the demo, {row['linked']:,} of {row['items']:,} films are "
        f"linked to Wikidata's and {row['to_review']:,} are questions of the review; "
        f"{row['present']:,} are there, by their IMDb ids. The demo knows texts too, and so prints "
        "counts that differ by a few.\n"
    )


def _extraction(results: Mapping[str, Any]) -> str:
    rows = {
        f"{name}, {row}" if row else name: scores
        for name in ("director", "starring")
        for row, scores in _with_rows(results[name]).items()
    }
    ceilings = ", ".join(
        f"{name} {results[name]['ceiling']:.3f}" for name in ("director", "starring")
    )
    return (
        "## Facts read from abstracts, without a language model\n\n"
        f"Gold is all of DBpedia's; the share of it that the abstracts name at all: {ceilings}.\n\n"
        + _scores(rows, "ece")
    )


def _language_model(results: Mapping[str, Any]) -> str:
    tokens = results["tokens"]
    return (
        "## The same, read by a large language model\n\n"
        f"`{results['model']}`, {results['questions']} films, {tokens['prompt']:,} tokens read, "
        f"{tokens['completion']:,} written, {results['seconds']:,.0f} s.\n\n"
        + _scores(
            {
                f"{name}, {row}" if row else name: scores
                for name in ("director", "starring")
                for row, scores in _with_rows(results[name]).items()
            }
        )
    )


def _text2kg(results: Mapping[str, Any]) -> str:
    others = results["published"]
    names = list(others)
    head = ("ontology", "F1", "strict F1", *names, "conformance", "hallucinated s / r / o")
    lines = [_line(head), _line(["---"] * len(head))]
    rows = [*results["ontologies"].items(), ("**mean**", results["mean"])]
    for name, row in rows:
        theirs = [
            others[other]["mean"] if row is results["mean"] else others[other]["ontologies"][name]
            for other in names
        ]
        cells = [f"{their['f1']:.3f}".rstrip("0").ljust(4, "0") for their in theirs]
        lines.append(_line((name, *_of_text2kg(row)[:2], *cells, *_of_text2kg(row)[2:])))
    more = [
        (title, row)
        for title, row in (
            ("Tastegraph, of each ontology's own sentences", results["own_sentences"]),
            *((name, others[name]["mean"]) for name in names),
        )
    ]
    for name, row in more:
        lines.append(
            _line((name, *_of_text2kg(row)[:2], *[""] * len(names), *_of_text2kg(row)[2:]))
        )
    sentences, seconds = results["sentences"], results["processor_seconds"]
    return (
        "## Facts read from sentences of 19 domains\n\n"
        "Text2KGBench (Mihindukulasooriya et al., ISWC 2023), the half made of DBpedia and WebNLG: "
        f"learned from {sentences['train']:,} annotated sentences without a language model in "
        f"{seconds['learning']:,.0f} s of one processor, measured on {sentences['test']:,} others "
        f"({seconds['reading']:,.0f} s). Of the facts learned from, {results['located']:,} have "
        f"both arguments in their sentence, {results['not_located']:,} do not. The published rows "
        "are those of the benchmark's authors, whose program scores F1 after leaving out facts of "
        "relations that the sentence's gold facts do not have; *strict* counts these as wrong. "
        "Conformance is the share of facts whose relation the ontology has; hallucinated are "
        "subjects, relations and objects that are not in the sentence or the ontology: an object "
        "in the form of its relation, such as 1944-07-28 for July 28, 1944, counts as such. All "
        "are means over sentences, then over ontologies.\n\n" + "\n".join(lines) + "\n"
    )


def _of_text2kg(row: Mapping[str, float]) -> tuple[str, str, str, str]:
    """F1, strict F1, conformance and hallucinations of a row."""
    strict = f"{row['strict_f1']:.3f}" if "strict_f1" in row else ""
    shares = (row[f"{part}_hallucination"] for part in ("subject", "relation", "object"))
    return (
        f"{row['f1']:.3f}",
        strict,
        f"{row['conformance']:.2f}",
        " / ".join(f"{share:.2f}" for share in shares),
    )


def _fusion(results: Mapping[str, Any]) -> str:
    rows = {name: row for name, row in results.items() if isinstance(row, Mapping) and "f1" in row}
    blocking = results.get("blocking", {})
    recalls = ", ".join(f"{name} {row['recall']:.4f}" for name, row in blocking.items())
    return (
        "## Duplicates fused\n\n"
        "Supervised: 20/10/70, five seeds; planted: renamed copies with dropped facts in ml1m's "
        "graph, five seeds. On imdb-tvdb and tmdb-tvdb the gold misses most true pairs: nothing "
        f"follows from their precision. Recall of blocking at ten candidates: {recalls}.\n\n"
        + _scores(rows)
    )


def _chinese(results: Mapping[str, Any]) -> str:
    rows = {name: row for name, row in results.items() if isinstance(row, Mapping)}
    counts = ", ".join(f"{name} {row['n']}" for name, row in rows.items())
    wrong = "; ".join(line for row in rows.values() for line in row["wrong"])
    missed = "; ".join(line for row in rows.values() for line in row["missed"])
    return (
        "## Chinese\n\n"
        "A hundred texts, titles of a catalogue, and names of a second source, written for the "
        "tests (`tests/support/chinese_gold.txt`): traditional and simplified, full and half "
        "width, foreign names with and without a dot, aliases, names of several, and characters "
        "of names that name nobody. The code was made with them in sight, so this says that it "
        f"does what it is for, not how it does elsewhere. Gold: {counts}.\n\n"
        + _scores(rows)
        + f"\nWrong: {wrong or 'none'}. Missed: {missed or 'none'}.\n"
    )


def _import(results: Mapping[str, Any]) -> str:
    rows = [("nemig_en", results["nemig_en"])]
    rows += [("generated", row) for row in results["generated"]["rows"]]
    lines = [
        f"| {name} | {row['statements']:,} | {row['seconds']:.1f} | "
        f"{row['statements_per_second']:,} | {row['peak_rss_mb']:,.0f} |"
        for name, row in rows
    ]
    grown = results["generated"]
    return (
        "## From files to a snapshot's graph\n\n"
        "| graph | statements | s | statements/s | peak MiB |\n|---|---|---|---|---|\n"
        + "\n".join(lines)
        + f"\n\nSlope on a log-log line: seconds {grown['seconds_slope']}, memory "
        f"{grown['peak_rss_mb_slope']}.\n"
    )


def _use(results: Mapping[str, Any]) -> str:
    lines = []
    for name in ("beside_published", "in_place_of_published"):
        row = results[name]
        low, high = row["difference_interval"]
        lines.append(
            f"| {name.replace('_', ' ')} | {row['without']:.4f} | {row['with']:.4f} | "
            f"{row['difference']:+.4f} [{low:+.4f}, {high:+.4f}] | {row['p']:.3f} |"
        )
    read = ", ".join(f"{count:,} by {step}" for step, count in results["facts_read"].items())
    return (
        "## What facts read from plots do to the demo's lists\n\n"
        f"NDCG@10 on MovieLens-100K, history train+valid; facts read: {read}.\n\n"
        "| facts read | without | with | difference | p |\n|---|---|---|---|---|\n"
        + "\n".join(lines)
        + "\n"
    )


def _with_rows(results: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The row itself under no name, and further rows that lie in it."""
    inner = {name: row for name, row in results.items() if isinstance(row, Mapping) and "f1" in row}
    return {**({"": results} if "f1" in results else {}), **inner}


def _scores(rows: Mapping[str, Mapping[str, Any]], *more: str) -> str:
    titles = [column.replace("_", " ") for column in more]
    lines = [_line(("", *SCORES, *titles)), _line(["---"] * (1 + len(SCORES) + len(more)))]
    for name, row in rows.items():
        cells = [_with_interval(row, score) for score in SCORES]
        cells += [_number(row[column]) if column in row else "" for column in more]
        lines.append(_line((name.replace("_", " "), *cells)))
    return "\n".join(lines) + "\n"


def _with_interval(row: Mapping[str, Any], score: str) -> str:
    interval = row.get(f"{score}_interval")
    number = _number(row[score])
    return number if interval is None else f"{number} [{interval[0]:.3f}, {interval[1]:.3f}]"


def _number(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


_PARTS = {
    "item_linking": _linking,
    "extraction": _extraction,
    "language_model": _language_model,
    "text2kg": _text2kg,
    "fusion": _fusion,
    "chinese": _chinese,
    "import": _import,
    "use": _use,
}
