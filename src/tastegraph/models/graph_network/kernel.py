"""The kernel of a linear network: its vectors, and what they are made of; NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Ints
from tastegraph.models.kernels import FactorKernel, Portions, Scores
from tastegraph.models.kernels.kernel import others, row_entries


@dataclass(frozen=True)
class NetworkKernel(FactorKernel):
    """K = L Rᵀ without its diagonal, with R taken apart by the last step of what leads to it.

    The network is linear, so that an item's vector is a sum: of what its own text and its own
    vector give it, of what users who like it pass on, and of what each of its features sends:

        rᵢ = oᵢ + textᵢ + Σ_f F[i, f] · scaleᵢ ∘ messages[sender_f]

    Attributes:
        text: float16[I, d], the portion of ``right`` that is of the item's own text.
        features: float32 CSR[I, features], F, the weight with which each feature sends; its pattern
            is that of the associations, and features that send nothing have 0.
        messages: float16[M, d], what nodes of the graph send.
        senders: int32[features], row in ``messages`` of each feature's node; -1 where it has none.
        scale: float32[I, heads], 1 / the length of the item's vector in each head.
    """

    text: NDArray[np.float16]
    features: CSR
    messages: NDArray[np.float16]
    senders: NDArray[np.int32]
    scale: Scores

    def of_features(self, targets: Ints) -> Portions:
        """Every feature of some items (int[n]), with what it adds to the vector."""
        places, features, weights = row_entries(self.features, targets)
        senders = self.senders[features]
        vectors = np.zeros((len(features), self.right.shape[1]), dtype=np.float32)
        sending = np.flatnonzero((senders >= 0) & (weights != 0))
        sent = self.messages[senders[sending]].astype(np.float32) * weights[sending, None]
        scale = np.repeat(self.scale[targets], sent.shape[1] // self.scale.shape[1], axis=1)
        vectors[sending] = sent * scale[places[sending]]
        return Portions(places, features, vectors)

    def wholes(
        self,
        items: NDArray[np.int32],
        targets: Ints,
        left: Scores | None = None,
        portions: Portions | None = None,
    ) -> tuple[Scores, Scores]:
        """float32[T, n] twice: of behaviour (what no feature and no text gives), and of the text.

        ``left`` is the side of ``items``, and ``portions`` those of the features of ``targets``,
        where they were read already.
        """
        left = self.left[items] if left is None else left
        portions = self.of_features(targets) if portions is None else portions
        text = self.text[targets].astype(np.float32)
        own = self.right[targets] - text - portions.sums(len(targets))
        behaviour, of_text = (
            others(items, targets, np.asarray(left @ part.T, dtype=np.float32))
            for part in (own, text)
        )
        return behaviour, of_text

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Both sides and the portions of the right one; of the features the weights alone."""
        return {
            **super().to_arrays(),
            "text": self.text,
            "paths": self.features.data,
            "messages": self.messages,
            "senders": self.senders,
            "scale": self.scale,
        }
