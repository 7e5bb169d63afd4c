"""What an import or a look at files notices: how often, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

UNKNOWN_ENTITIES = (
    "what users say of these says nothing of any item: import the facts that name them, or write "
    "the ids as the facts do"
)
"""Remedy for events on entities that no fact names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was noticed in one column of a file or frame.

    Attributes:
        file: where: a path, or the name of a frame.
        column: its name in the file; empty where it concerns whole rows.
        text: what it is.
        count: cells or rows that it concerns.
        example: the first of them, as text.
        remedy: what to do, if it is not as it should be.
    """

    file: str
    column: str
    text: str
    count: int
    example: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        column = f", column {self.column!r}" if self.column else ""
        example = f", such as {self.example}" if self.example else ""
        remedy = f": {self.remedy}" if self.remedy else ""
        return f"{self.file}{column}: {self.text} ({self.count:,}{example}){remedy}"


class Findings:
    """Collects findings; what is noticed again in the same column is added to the first."""

    def __init__(self) -> None:
        self._findings: dict[tuple[str, str, str], Finding] = {}

    def add(self, finding: Finding) -> None:
        """Add a finding, unless it concerns nothing."""
        if not finding.count:
            return
        key = (finding.file, finding.column, finding.text)
        known = self._findings.get(key)
        self._findings[key] = (
            finding if known is None else replace(known, count=known.count + finding.count)
        )

    def __iter__(self) -> Iterator[Finding]:
        return iter(list(self._findings.values()))

    def __len__(self) -> int:
        return len(self._findings)
