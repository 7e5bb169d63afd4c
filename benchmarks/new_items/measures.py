"""Where new items land: share of lists, NDCG of likes on them, and what showing them costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.new_items.cut import Cut
from benchmarks.new_items.moments import Moments
from benchmarks.new_items.rules import ORACLE, RANDOM, at_random, by_popularity, models
from tastegraph.core.arrays import Bools, binary
from tastegraph.core.top_k import top_k
from tastegraph.evaluation.significance import bootstrap_interval
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.kernels import Scores
from tastegraph.models.validation import CUTOFF, Objective

BLOCK = 1_000
RESAMPLES = 1_000
Scoring = Callable[[Moments], Scores]
"""float32[M, I] of moments."""


def measured(
    cut: Cut, model: HybridModel, lists: Moments, firsts: Moments, seed: int
) -> dict[str, dict[str, Any]]:
    """Rule → figures.

    - ``share``: of the places in the first tens that new items take, ``listed``: of the new items
      that stand in any of them.
    - ``likes``, ``known``: NDCG@10 of all likes, and of those on known items; ``..._hidden`` of the
      same where new items are left out of the catalogue.
    - ``first_likes``: NDCG@10 of new items' first likes among all items, ``among_new`` among new
      ones; ``median_rank`` among all.

    Each but ``listed`` and ``median_rank`` is a mean over users, with 95 % (bootstrap).

    Args:
        cut: what is new.
        model: of all items.
        lists: whose lists are looked at.
        firsts: new items' first likes.
        seed: deals out at random.

    Raises:
        ValueError: none of the likes in ``lists`` is on a known item.
    """
    if cut.new[lists.items].all():
        raise ValueError("every like after the cut is on a new item: cut later")
    by_rule: dict[str, dict[str, Any]] = {}
    on_known = ~cut.new[lists.items]
    # Without the new items every rule makes the same lists.
    hidden = np.concatenate([_hidden(cut, model, part) for part in _parts(lists)])
    for rule, scoring in _rules(cut, model, seed).items():
        of_lists = [_lists(cut, part, scoring(part)) for part in _parts(lists)]
        share, ndcg, listed = (np.concatenate(columns) for columns in zip(*of_lists, strict=True))
        of_firsts = [_firsts(cut, part, scoring(part)) for part in _parts(firsts)]
        first, among_new, ranks = (np.concatenate(c) for c in zip(*of_firsts, strict=True))
        by_rule[rule] = {
            "share": _mean(lists.users, share),
            "listed": float(np.isin(np.flatnonzero(cut.new), listed).mean()),
            "likes": _mean(lists.users, ndcg),
            "likes_hidden": _mean(lists.users, hidden),
            "known": _mean(lists.users[on_known], ndcg[on_known]),
            "known_hidden": _mean(lists.users[on_known], hidden[on_known]),
            "first_likes": _mean(firsts.users, first),
            "among_new": _mean(firsts.users, among_new),
            "median_rank": float(np.median(ranks)),
        }
    return by_rule


def _rules(cut: Cut, model: HybridModel, seed: int) -> dict[str, Scoring]:
    """How each rule scores moments."""
    liked = ~cut.before & (cut.events.weights > 0)
    later = np.bincount(cut.events.items[liked], minlength=cut.events.n_items)

    def of(ranker: HybridModel) -> Scoring:
        return lambda part: ranker.score(part.histories)

    system = of(model)
    return {
        **{rule: of(ranker) for rule, ranker in models(model, cut.new).items()},
        ORACLE: lambda part: by_popularity(system(part), part.seen, cut.new, later),
        RANDOM: lambda part: at_random(
            system(part), part.seen, cut.new, np.random.default_rng(seed)
        ),
    }


def _lists(
    cut: Cut, part: Moments, scores: Scores
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]]:
    """float64[M] twice: share of places that new items take, NDCG@10; and the items listed."""
    top = top_k(scores, part.seen, CUTOFF)
    there = top >= 0
    share = (cut.new[top] & there).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return share, _objective(part).by_user(scores), np.unique(top[there])


def _hidden(cut: Cut, model: HybridModel, part: Moments) -> NDArray[np.float64]:
    """float64[M], NDCG@10 where new items are in no list; 0 of a like on one."""
    return _objective(part).by_user(_only(model.score(part.histories), ~cut.new))


def _firsts(
    cut: Cut, part: Moments, scores: Scores
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """float64[M] twice: NDCG@10 among all items and among new ones; int64[M], rank among all."""
    objective = _objective(part)
    ndcg = objective.by_user(scores), objective.by_user(_only(scores, cut.new))
    offered = scores.copy()
    offered[part.seen.nonzero()] = -np.inf
    ranks = (offered >= scores[objective.row, objective.item][:, None]).sum(axis=1)
    return *ndcg, ranks


def _only(scores: Scores, items: Bools) -> Scores:
    """The same, nan but for ``items`` (bool[I]): what scores nan is not found."""
    return np.where(items, scores, np.float32(np.nan))


def _objective(part: Moments) -> Objective:
    every = np.arange(len(part))
    return Objective.of(part.seen, binary(every, part.items, part.seen.shape), every)


def _parts(moments: Moments) -> list[Moments]:
    return [moments.part(k, k + BLOCK) for k in range(0, len(moments), BLOCK)]


def _mean(users: NDArray[np.int64], values: NDArray[np.float64]) -> dict[str, Any]:
    """Of each user's mean, with 95 %."""
    _, who = np.unique(users, return_inverse=True)
    means = np.bincount(who, values) / np.bincount(who)
    return {
        "mean": float(means.mean()),
        "interval": list(bootstrap_interval(means, RESAMPLES, 1)),
    }


def share_of_likes(cut: Cut, lists: Moments) -> dict[str, Any]:
    """Of the likes that the lists are asked for, those on new items; a mean over users."""
    return _mean(lists.users, cut.new[lists.items].astype(np.float64))
