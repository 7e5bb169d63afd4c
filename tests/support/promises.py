"""The fourteen promises, how long their proofs run, and the report of a run.

``make promises`` runs the proofs many times as long as CI does, and writes docs/promises.md.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

SCALE = int(os.environ.get("PROMISES_SCALE", "1"))
"""How many times as many cases as in CI; of kills, swaps, steps, requests."""
REPORT = os.environ.get("PROMISES_REPORT", "")
"""The file that a run writes its report to; empty for none."""
FILE = re.compile(r"test_(\d\d)_\w+\.py")
PROMISES = {
    1: "200 on events means that it survives `kill -9`",
    2: "retry-safe: an event id never counts twice",
    3: "publishing is atomic: a request sees one model and one graph",
    4: "a bad artefact never serves",
    5: "roll-back within a second, N versions kept",
    6: "filters are exact; n results if n exist; a deleted or hidden item is gone in the next "
    "answer",
    7: "every path exists, was valid, touches user and item; shares sum to the score",
    8: "erasure: nothing of a user remains in database, log, newer snapshots, exports",
    9: "bad input is a 4xx that says what to change, never a 5xx",
    10: "bounded: body, n, depth, time, memory, queue",
    11: "closed by default: loopback without a key, any other address only with keys",
    12: "no code from data: no pickle, no eval; texts from outside are hostile",
    13: "no language model on the hot path; a late or missing one means a plain result, flagged",
    14: "same seed, data and version: same artefact hash",
}


@dataclass
class Proof:
    """What was run for one promise.

    Attributes:
        files: names of its test files.
        passed, failed, skipped: number of tests.
        seconds: of all of them.
        cases: what was counted → how many.
    """

    files: set[str] = field(default_factory=set)
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    cases: Counter[str] = field(default_factory=Counter)


def proofs_of(reports: Mapping[str, list[object]]) -> dict[int, Proof]:
    """The proofs of a run, by promise; ``reports`` are those of pytest, by outcome."""
    proofs: dict[int, Proof] = defaultdict(Proof)
    for outcome, of_outcome in reports.items():
        for report in of_outcome:
            match = FILE.search(getattr(report, "nodeid", ""))
            if match is None or not hasattr(report, "when"):
                continue
            proof = proofs[int(match[1])]
            proof.files.add(match[0])
            proof.seconds += report.duration
            if report.when != "call":
                proof.failed += report.outcome == "failed"
                proof.skipped += outcome == "skipped"
                continue
            proof.passed += outcome == "passed"
            proof.failed += outcome == "failed"
            proof.skipped += outcome == "skipped"
            for name, count in report.user_properties:
                proof.cases[name] += count
    return proofs


def markdown(proofs: Mapping[int, Proof], scale: int = SCALE) -> str:
    """The report."""
    day = datetime.now(UTC).date().isoformat()
    lines = [
        "# Promises, each with its proof",
        "",
        f"`make promises` wrote this page on {day}, with {scale} times the cases of CI, on "
        f"{os.cpu_count()} cores. The proofs are in `tests/promises`.",
        "",
        "| # | promise | tests | minutes | result |",
        "|---|---|---|---|---|",
    ]
    for number, promise in PROMISES.items():
        proof = proofs.get(number, Proof())
        outcomes = [f"{proof.failed} failed"] if proof.failed else []
        outcomes += [f"{proof.skipped} left out"] if proof.skipped else []
        outcome = ", ".join(outcomes) or ("holds" if proof.passed else "not run")
        n_tests = proof.passed + proof.failed + proof.skipped
        minutes = f"{proof.seconds / 60:.1f}"
        lines.append(f"| {number} | {promise} | {n_tests} | {minutes} | {outcome} |")
    lines += ["", "What was counted:", ""]
    for number in PROMISES:
        proof = proofs.get(number, Proof())
        counts = ", ".join(f"{count:,} {name}" for name, count in proof.cases.items())
        files = ", ".join(f"`{name}`" for name in sorted(proof.files))
        lines.append(f"- **{number}** ({files or 'no file'})" + (f": {counts}" if counts else ""))
    return "\n".join(lines) + "\n"


def write_report(reports: Mapping[str, list[object]]) -> None:
    """Write the report of a run to :data:`REPORT`, where one is named."""
    if REPORT:
        Path(REPORT).write_text(markdown(proofs_of(reports)), encoding="utf-8")
