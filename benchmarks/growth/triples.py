"""Files of N-Triples as knowledge bases publish them: IRIs, texts in languages, typed values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

LINES_PER_BLOCK = 100_000
SUBJECTS = 0.1
"""Subjects for each line: ten statements about each."""
RELATIONS = 30
SHARES = {
    "iri": 0.55,
    "language": 0.2,
    "datatype": 0.15,
    "plain": 0.06,
    "blank": 0.03,
    "escape": 0.01,
}
"""What the objects of the lines are; ``escape`` is a text with escapes in a language."""

_NAMESPACE = "http://example.org/"
_LANGUAGES = ("en", "de", "fr", "zh")
_WORDS = (
    "river",
    "city",
    "Straße",
    "film",
    "musée",
    "star",
    "流浪地球",
    "house",
    "north",
    "garden",
)
_INTEGER = "http://www.w3.org/2001/XMLSchema#integer"


def write_triples(path: Path, n_lines: int, seed: int = 1) -> None:
    """Write ``n_lines`` statements, the same for the same seed; a few in a million occur twice."""
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8") as file:
        for start in range(0, n_lines, LINES_PER_BLOCK):
            file.writelines(_lines(min(LINES_PER_BLOCK, n_lines - start), n_lines, rng))


def _lines(n: int, n_lines: int, rng: np.random.Generator) -> Iterator[str]:
    n_subjects = max(int(SUBJECTS * n_lines), 1)
    kinds = rng.choice(list(SHARES), n, p=list(SHARES.values())).tolist()
    subjects = rng.integers(n_subjects, size=n).tolist()
    relations = rng.integers(RELATIONS, size=n).tolist()
    objects = rng.integers(n_subjects, size=n).tolist()
    first, second = rng.integers(len(_WORDS), size=(2, n)).tolist()
    for kind, subject, relation, value, one, other in zip(
        kinds, subjects, relations, objects, first, second, strict=True
    ):
        head = f"<{_NAMESPACE}resource/Q{subject}>" if kind != "blank" else f"_:b{subject}"
        text = f"{_WORDS[one]} {_WORDS[other]} {value}"
        match kind:
            case "iri" | "blank":
                tail = f"<{_NAMESPACE}resource/Q{value}>"
            case "language":
                tail = f'"{text}"@{_LANGUAGES[one % 4]}'
            case "datatype":
                tail = f'"{value}"^^<{_INTEGER}>'
            case "plain":
                tail = f'"{text}"'
            case _:
                tail = f'"a \\"{text}\\"\\n"@{_LANGUAGES[one % 4]}'
        yield f"{head} <{_NAMESPACE}ontology/relation{relation}> {tail} .\n"
