"""What an import did: rows by file, and everything that was noticed on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from tastegraph.core.findings import Finding, Findings


@dataclass
class FileCounts:
    """What became of the rows of one file or frame.

    Attributes:
        read: rows or statements that were read.
        left_out: those of them that were not imported, because they are wrong or say nothing.
        new: records that the store had not.
        known: records that the store had already.
        repeated: records that stand in the file more than once, each time after the first.
        replaced: items whose earlier version was replaced.
        withdrawn: records that the file of this name stated before and does not state now.
    """

    read: int = 0
    left_out: int = 0
    new: int = 0
    known: int = 0
    repeated: int = 0
    replaced: int = 0
    withdrawn: int = 0

    def in_words(self) -> str:
        """The counts that are not 0, as ``1,000 read, 990 new, 10 left out``."""
        counts = {name: number for name, number in asdict(self).items() if number}
        return ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in counts.items()) or "empty"


@dataclass
class ImportReport:
    """Counts and findings of one import; both are added to while it reads and writes.

    Attributes:
        files: (kind, name) → counts; kinds are ``items``, ``events``, ``facts``, ``links``.
        findings: what was noticed, with its place, count, example and remedy.
    """

    files: dict[tuple[str, str], FileCounts] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)

    def counts(self, kind: str, name: str) -> FileCounts:
        """The counts of one file, to be added to."""
        return self.files.setdefault((kind, name), FileCounts())

    def add(self, finding: Finding) -> None:
        """Add a finding."""
        self.findings.add(finding)

    def lines(self) -> Iterator[str]:
        """The report for a terminal, a line for each file and each finding."""
        for (kind, name), counts in self.files.items():
            yield (
                f"{name} ({kind}): {counts.in_words()}" if name else f"{kind}: {counts.in_words()}"
            )
        yield from map(str, self.findings)

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values: ``files`` and ``findings``."""
        return {
            "files": [
                {"kind": kind, "name": name, **asdict(counts)}
                for (kind, name), counts in self.files.items()
            ],
            "findings": [asdict(finding) for finding in self.findings],
        }
