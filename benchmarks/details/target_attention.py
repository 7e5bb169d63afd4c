"""Target attention: whether the events that are nearest to an item should speak more for it.

As in DIN (Zhou et al. 2018), but still a sum over events: in a component αₜ K[t, i] becomes

    αₜ · wₜ(i) · K[t, i],     wₜ(i) ∝ exp(β · z(K[t, i]))

z standardises the entries of one user's history and shortlist, and w has the mean 1, over the
events alone (*even*) or as they are attended to (*attended*), so that β = 0 is what is there
today. A component keeps its spread over the shortlist, the first 200 of today's list. β is chosen
on one half of the validation users and judged on the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.details.fitted import ValidatedModel, validated_model
from benchmarks.details.halves import PerUser, cross_chosen, gain, halves
from tastegraph.core.top_k import rank_discount
from tastegraph.models.base import segment
from tastegraph.models.kernels import Kernel
from tastegraph.models.validation import CUTOFF
from tastegraph.profiles.interactions import History

SHORTLIST = 200
SHARPNESS = (0.0, 0.5, 1.0, 2.0, 4.0)
NORMALISATIONS = ("even", "attended")
BLOCK_USERS = 512

Floats = NDArray[np.float64]
Settings = Mapping[str, int]
"""Component → index in :data:`SHARPNESS`."""


@dataclass(frozen=True)
class UserShortlist:
    """One user's shortlist of C items.

    Attributes:
        targets: int[R], places of the items to find.
        ideal: DCG of a perfect list.
        rest: float64[C], what has no target attention: the priors.
        scores: normalisation → component → float64[sharpness, C].
    """

    targets: NDArray[np.intp]
    ideal: float
    rest: Floats
    scores: Mapping[str, Mapping[str, Floats]]

    def ndcg(self, normalisation: str, settings: Settings) -> float:
        """NDCG@10 with some sharpness of each component, 0 where none is named."""
        total = self.rest + sum(
            scores[settings.get(name, 0)] for name, scores in self.scores[normalisation].items()
        )
        ahead = (total > total[self.targets][:, None]).sum(axis=1)
        return float(rank_discount(ahead[ahead < CUTOFF] + 1).sum() / self.ideal)


def target_attention(name: str, data: Path) -> dict[str, Any]:
    """Of one set: NDCG@10 today, and normalisation → component (or ``all``) → what is gained."""
    shortlists = list(user_shortlists(validated_model(name, data)))
    today = _values(shortlists, NORMALISATIONS[0], {})
    results: dict[str, Any] = {"users": len(today), "ndcg": float(today.mean())}
    for normalisation in NORMALISATIONS:
        components = list(shortlists[0].scores[normalisation])
        entries: dict[str, Any] = {}
        for component in components:
            values = [
                _values(shortlists, normalisation, {component: index})
                for index in range(len(SHARPNESS))
            ]
            chosen, indices = cross_chosen(values)
            entries[component] = {
                **gain(chosen, today),
                "sharpness": [SHARPNESS[index] for index in indices],
                "by_sharpness": {
                    f"{sharpness:g}": gain(each, today)
                    for sharpness, each in zip(SHARPNESS[1:], values[1:], strict=True)
                },
            }
        entries["all"] = _together(shortlists, normalisation, components, today)
        results[normalisation] = entries
    return results


def user_shortlists(fitted: ValidatedModel) -> Iterator[UserShortlist]:
    """Every validation user's shortlist, scored with each sharpness of each component."""
    model, objective = fitted.model, fitted.validation.objective
    for start in range(0, len(fitted.validation.histories), BLOCK_USERS):
        histories = fitted.validation.histories[start : start + BLOCK_USERS]
        total, segments = model.score(histories), [segment(history) for history in histories]
        factors = {
            name: weights * model.inverse_spread(component.score(histories))
            for name, component in model.similarities.items()
            if (weights := model.blend.rows(name, segments)[0]).any()
        }
        visible = total.copy()
        seen = (objective.seen[0] >= start) & (objective.seen[0] < start + len(histories))
        visible[objective.seen[0][seen] - start, objective.seen[1][seen]] = -np.inf
        listed = np.sort(np.argsort(-visible, axis=1, kind="stable")[:, :SHORTLIST], axis=1)
        for row, history in enumerate(histories):
            items = listed[row]
            targets = objective.item[objective.row == start + row]
            scores: dict[str, dict[str, Floats]] = {each: {} for each in NORMALISATIONS}
            rest = total[row, items].astype(np.float64)
            for name, factor in factors.items():
                component = model.similarities[name]
                entries = _entries(component.kernel, history, items)
                attention = factor[row] * component.attention(history).astype(np.float64)
                rest -= attention @ entries
                for normalisation in NORMALISATIONS:
                    scores[normalisation][name] = sharpened(attention, entries, normalisation)
            yield UserShortlist(
                np.flatnonzero(np.isin(items, targets)),
                float(objective.ideal[start + row]), rest, scores,
            )  # fmt: skip


def sharpened(attention: Floats, entries: Floats, normalisation: str) -> Floats:
    """float64[sharpness, C], the scores of a component; the first row is that of today.

    Args:
        attention: float64[T].
        entries: float64[T, C], of the kernel.
        normalisation: of :data:`NORMALISATIONS`.
    """
    events = np.flatnonzero(attention)
    attention, entries = attention[events], entries[events]
    scores = np.zeros((len(SHARPNESS), entries.shape[1]))
    scores[0] = attention @ entries
    deviation = entries.std() if len(events) else 0.0
    if not deviation:
        scores[:] = scores[0]
        return scores
    standard = (entries - entries.max(axis=0)) / deviation
    shares = np.full(len(events), 1 / len(events))
    if normalisation == "attended":
        shares = np.abs(attention) / np.abs(attention).sum()
    for index, sharpness in enumerate(SHARPNESS[1:], start=1):
        weights = np.exp(sharpness * standard)
        of_target = attention @ (weights / (shares @ weights) * entries)
        spread = of_target.std()
        scores[index] = of_target * (scores[0].std() / spread if spread else 1.0)
    return scores


def _entries(kernel: Kernel, history: History, items: NDArray[np.intp]) -> Floats:
    """float64[T, C]: the kernel from every event to the ``items``, which are in order."""
    events = np.arange(len(history))
    alone = sparse.csr_array(
        (np.ones(len(history), dtype=np.float32), (events, history.items)),
        shape=(len(history), kernel.n_items),
    )
    candidates = np.zeros(kernel.n_items, dtype=np.bool_)
    candidates[items] = True
    return kernel.score(alone, candidates).astype(np.float64)


def _values(shortlists: list[UserShortlist], normalisation: str, settings: Settings) -> PerUser:
    return np.array([user.ndcg(normalisation, settings) for user in shortlists])


def _together(
    shortlists: list[UserShortlist], normalisation: str, components: list[str], today: PerUser
) -> dict[str, Any]:
    """Coordinate ascent, twice over all components, on each half of the users."""
    result, chosen = today.copy(), []
    for half in halves(len(today)):
        settings: dict[str, int] = {}
        best = today
        for component in components * 2:
            for index in range(len(SHARPNESS)):
                values = _values(shortlists, normalisation, {**settings, component: index})
                if values[half].mean() > best[half].mean():
                    best, settings = values, {**settings, component: index}
        result[~half] = best[~half]
        chosen.append({name: SHARPNESS[index] for name, index in settings.items() if index})
    return {**gain(result, today), "sharpness": chosen}
