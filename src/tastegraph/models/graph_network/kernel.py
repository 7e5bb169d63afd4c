"""The kernel of a linear network: its vectors, and what they are made of; NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR
from tastegraph.models.kernels import FactorKernel, Scores


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

    def of_features(self, target: int) -> tuple[NDArray[np.int32], Scores]:
        """The features of ``target``, int32[n], and what each adds to it, float32[n, d]."""
        at = slice(*self.features.indptr[target : target + 2])
        chosen = self.features.indices[at]
        senders, weights = self.senders[chosen], self.features.data[at]
        vectors = np.zeros((len(chosen), self.right.shape[1]), dtype=np.float32)
        sending = np.flatnonzero((senders >= 0) & (weights != 0))
        sent = self.messages[senders[sending]].astype(np.float32) * weights[sending, None]
        heads = self.scale.shape[1]
        vectors[sending] = sent * np.repeat(self.scale[target], sent.shape[1] // heads)
        return chosen, vectors

    def wholes(
        self, items: NDArray[np.int32], target: int, left: Scores | None = None
    ) -> tuple[Scores, Scores]:
        """float32[T] twice: of behaviour (what no feature and no text gives), and of the text.

        ``left`` is the side of ``items``, where it was read already.
        """
        left = self.left[items] if left is None else left
        text = self.text[target].astype(np.float32)
        _, vectors = self.of_features(target)
        own = self.right[target] - text - vectors.sum(axis=0)
        entries = np.asarray(np.stack([own, text]) @ left.T, dtype=np.float32)
        behaviour, of_text = np.where(items == target, np.float32(0), entries)
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
