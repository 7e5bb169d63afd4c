"""What the search for topics did, in words: texts, candidates, topics, and why so few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tastegraph.kg.extraction.topics.occurrences import Kind
from tastegraph.kg.extraction.topics.reader import LANGUAGES, TextLanguage
from tastegraph.kg.extraction.topics.selection import MIN_DOCUMENTS, ONE_TEXT, Selection

_KINDS = {Kind.NAME: "names", Kind.PHRASE: "phrases", Kind.WORD: "words"}


def summary(
    selection: Selection, texts: Counter[TextLanguage], labels: Iterable[str], n_broader: int
) -> list[str]:
    """Lines about one run.

    Args:
        selection: the topics.
        texts: language → how many texts were read.
        labels: of the topics, those that most texts share first.
        n_broader: how many topics are under another.
    """
    n_texts = sum(texts.values())
    languages = ", ".join(f"{texts[name]:,} {name}" for name in LANGUAGES if texts[name])
    lines = [f"topics: {n_texts:,} texts ({languages}), {selection.candidates:,} candidates"]
    if texts["other"]:
        lines.append(
            f"topics: {texts['other']:,} texts are neither English nor Chinese; "
            "only names with capitals are read there"
        )
    for reason, count in selection.dropped.most_common():
        lines.append(f"topics: {count:,} dropped, {reason}: {_quoted(selection.examples[reason])}")
    table = selection.table
    if not len(table.key):
        return [*lines, _why_none(selection, n_texts)]
    kinds = Counter(dict(zip(table.key.tolist(), table.kind.tolist(), strict=True)).values())
    counts = ", ".join(f"{kinds[kind]:,} {name}" for kind, name in _KINDS.items() if kinds[kind])
    examples = _quoted(label for label, _ in zip(labels, range(5), strict=False))
    lines.append(
        f"topics: {sum(kinds.values()):,} topics ({counts}), such as {examples}; "
        f"{len(table.key):,} mentions, {n_broader:,} topics under another"
    )
    without = n_texts - len(set(table.document.tolist()))
    if without:
        lines.append(f"topics: {without:,} texts share no topic with another")
    return lines


def _why_none(selection: Selection, n_texts: int) -> str:
    """Why there is no topic, and what to do next."""
    if not selection.candidates:
        return (
            f"topics: none: no name and no noun was recognised in {n_texts:,} texts; English and "
            "Chinese are read, and of other languages names with capitals. State facts in a file "
            "(tastegraph import DIR --facts FILE), or configure [llm] and derive 'language model'"
        )
    if selection.dropped[ONE_TEXT]:
        example = _quoted(selection.examples[ONE_TEXT][:1])
        return (
            f"topics: none: {n_texts:,} texts, and no {MIN_DOCUMENTS} of them share a phrase "
            f"({example} is in one alone). Import more items or longer texts, or state facts in "
            "columns ([items.facts]) or a file"
        )
    return (
        f"topics: none: {n_texts:,} texts, and what they share is left out for the reasons above; "
        "sources name it already, or nearly all texts have it"
    )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
