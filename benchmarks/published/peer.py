"""The models of other libraries there are, and what came of one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Peer:
    """One model of another library.

    Attributes:
        library: its name; ``LIBRARY_peer.py`` in lower case is the script that runs it.
        model: what the script is asked for.
        needs_facts: it cannot be trained without a knowledge graph.
    """

    library: str
    model: str
    needs_facts: bool = False

    @property
    def name(self) -> str:
        """What a table calls it."""
        return f"{self.library} {self.model}"


PEERS = (
    *(Peer("RecBole", model) for model in ("LightGCN", "BPR", "ItemKNN", "EASE")),
    *(
        Peer("RecBole", model, needs_facts=True)
        for model in ("CKE", "KGAT", "KGCN", "KGIN", "MCCLK", "RippleNet")
    ),
    Peer("implicit", "ALS"),
    Peer("implicit", "BPR"),
    Peer("LensKit", "ItemKNN"),
    Peer("LensKit", "EASE"),
    Peer("LensKit", "ImplicitMF"),
    Peer("RecTools", "EASE"),
    Peer("RecTools", "SASRec"),
    Peer("RecTools", "SASRec-sampled"),
)
CONVERGING = tuple(
    peer
    for peer in PEERS
    if peer.name in ("RecBole LightGCN", "RecBole KGAT", "RecBole KGIN", "RecTools SASRec-sampled")
)
"""Those that are trained once without a limit, until they end by themselves."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one peer on one set.

    Attributes:
        lists: int32[U, k], best first, padded with −1; ``None`` where there is an error.
        version: of the library; ``None`` where it did not start.
        seconds_total: wall clock from start to end of the process.
        seconds_to_best: from the start of training, data read, to the best validation score.
        best_valid: NDCG@10 on validation, by which the peer chose.
        course: seconds and score of each validation: of epochs, or of settings.
        peak_rss_mb: most memory held.
        epochs: validations of its training, or settings that were tried.
        stopped: it reached its limit, and this is the best it had.
        limit: seconds that it might train; infinite where it ended by itself.
        error: one line, or ``None``.
    """

    peer: Peer
    lists: NDArray[np.int32] | None
    version: str | None
    seconds_total: float | None
    seconds_to_best: float | None
    best_valid: float | None
    course: tuple[tuple[float, float], ...]
    peak_rss_mb: float | None
    stopped: bool
    error: str | None
    epochs: int | None = None
    limit: float = math.inf

    def ending(self) -> str:
        """How its training ended, in words; empty where it was not limited, and tried settings."""
        if self.stopped:
            return f"stopped after {self.limit:g} s: the best until then"
        if self.peer in CONVERGING and self.epochs:
            return f"converged after {self.epochs:,} epochs"
        return ""


def fitting(folder: Path) -> tuple[Peer, ...]:
    """Return the peers that can be trained on a set: where no facts are known, fewer.

    Args:
        folder: has the set's atomic files.
    """
    known = any(folder.glob("*.kg"))
    return tuple(peer for peer in PEERS if known or not peer.needs_facts)
