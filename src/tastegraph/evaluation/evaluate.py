"""Compare models of any origin on one split: ``tastegraph.evaluate``.

A model is any object with ``fit(dataset)``, where it is to be fitted, and one of

* ``score(users)``: numbers[users, items], the items in the order of ``dataset.item_ids``, or
* ``recommend(users, k=k)``: a frame of ``user_id`` and ``item_id``, each user's items best first.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import ValidationError

from tastegraph.core.config import EvaluationConfig
from tastegraph.core.errors import ConfigError, FrameError, TastegraphError
from tastegraph.core.progress import progress
from tastegraph.core.top_k import top_k_blocks
from tastegraph.data.frames import identifiers, library_of, read_columns, to_library
from tastegraph.evaluation.comparison_result import ComparisonResult
from tastegraph.evaluation.evaluator import (
    TRAIN_AND_VALID,
    TRAIN_ONLY,
    EvaluationData,
    Evaluator,
)
from tastegraph.evaluation.measurement import Stopwatch
from tastegraph.evaluation.metrics import coverage, per_user
from tastegraph.evaluation.significance import bootstrap_interval, holm, paired_p
from tastegraph.models.dataset import Dataset
from tastegraph.models.item_features import ItemFeatures
from tastegraph.profiles.splits import TEST, TRAIN, assign_splits, resolve_split

METRICS = ("ndcg", "recall", "mrr", "hit", "map", "novelty", "coverage")
USER_METRICS = METRICS[:-1]


@dataclass(frozen=True)
class EvaluatedModel:
    """A model that takes part.

    Attributes:
        name: unique.
        model: fitted on the training events of ``dataset``.
        fit_seconds: nan where it was fitted before.
    """

    name: str
    model: Any
    dataset: Dataset
    fit_seconds: float


def evaluate(
    models: Any,
    dataset: Any,
    split: str = "auto",
    metrics: Sequence[str] = METRICS,
    k: int | Sequence[int] = 10,
    *,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
    history: str = TRAIN_AND_VALID,
    controls: Sequence[str] = (),
    bootstrap: int = 1000,
    seed: int = 1,
) -> ComparisonResult:
    """Fit models on one part of the events, and score their lists against the test part.

    Every user with a new like in the test part is evaluated. What the user liked before is masked
    in scores and left out of lists. The models given stay as they are: copies are fitted.

    Args:
        models: one model, a list, or name → model.
        dataset: a :class:`~tastegraph.models.dataset.Dataset`, a frame of events, or a matrix.
        split: ``user-temporal``, ``global-temporal``, ``leave-last-out``, ``random``, ``given``, or
            ``auto``: the one that suits the events.
        metrics: some of :data:`METRICS`, each at every ``k``.
        k: length of the lists, or several.
        fractions: train, valid, test.
        history: what models are fitted on and know of a user: ``train+valid`` or ``train``.
        controls: each model is also fitted on other knowledge: ``graph off``, ``graph shuffled``,
            ``text off``, ``text shuffled``.
        bootstrap: resamples of the 95 % intervals.
        seed: of random splits, intervals and tests.

    Raises:
        ConfigError: an argument is out of range, or the split does not suit the events.
        FrameError: a model's scores or lists are not what they should be.
        TastegraphError: no event could be held out.
    """
    dataset = Dataset.of(dataset)
    cutoffs = tuple(sorted({k} if isinstance(k, int) else set(k)))
    names = _metric_names(metrics, cutoffs)
    settings = resolve_split(dataset.events, _settings(split, fractions, cutoffs, bootstrap))
    if history not in (TRAIN_ONLY, TRAIN_AND_VALID):
        raise ConfigError(f"history: 'train' or 'train+valid' is expected, {history!r} found")
    splits = assign_splits(dataset.events, settings, seed)
    data = EvaluationData(dataset.events, splits, dataset.item_features)
    config = dataset.config.model.model_copy(update={"seed": seed})
    evaluator = Evaluator.of(data, settings, config)
    if not len(evaluator.user_rows):
        raise TastegraphError(
            f"the split {settings.split!r} holds out no event for the test part: there are too few "
            f"events of any one user that count for an item ({dataset.meaning.in_words()})"
        )
    training = splits == TRAIN if history == TRAIN_ONLY else splits != TEST
    if history == TRAIN_ONLY and not (splits == TRAIN).any():
        raise TastegraphError(f"the split {settings.split!r} leaves no event to fit on")
    training_set = dataset.select(training)
    features = _controlled(training_set, controls, seed) if controls else {}
    entries = _entries(models, training_set, features)
    comparison = _Comparison(evaluator, history, names, cutoffs, bootstrap, seed)
    with progress("evaluating", None) as advance:
        for entry in entries:
            comparison.add(entry)
            advance(1)
    return comparison.result(dataset)


class _Comparison:
    """Metrics of the models as they come."""

    def __init__(
        self,
        evaluator: Evaluator,
        history: str,
        metrics: Sequence[str],
        cutoffs: Sequence[int],
        bootstrap: int,
        seed: int,
    ) -> None:
        self._evaluator, self._history = evaluator, history
        self._metrics, self._cutoffs = metrics, cutoffs
        self._bootstrap, self._seed = bootstrap, seed
        self._values: dict[str, dict[str, NDArray[np.float64]]] = {}
        self._rows: list[dict[str, Any]] = []
        self._slices: list[dict[str, Any]] = []

    def add(self, entry: EvaluatedModel) -> None:
        """Rank for every user, and compute the metrics of the lists."""
        evaluator, n_items = self._evaluator, self._evaluator.data.events.n_listed
        users = entry.dataset.users.at(evaluator.user_rows)
        top = lists_of(entry, users, evaluator, max(self._cutoffs))
        popularity = evaluator.popularity[self._history]
        for part in evaluator.slices[self._history]:
            values = per_user(top, part.restrict(evaluator.targets), self._cutoffs, popularity)
            values = {name: values[name] for name in self._columns(USER_METRICS)}
            if part.name == "all":
                self._values[entry.name] = values
                self._rows += [self._row(entry, name, value) for name, value in values.items()]
                for cutoff in self._cutoffs if "coverage" in self._metrics else ():
                    share = coverage(top, n_items, cutoff)
                    row = {"model": entry.name, "metric": f"coverage@{cutoff}", "mean": share}
                    self._rows.append({**row, "users": len(top), "fit_seconds": entry.fit_seconds})
            self._slices += [
                {
                    "model": entry.name,
                    "slice": part.name,
                    "metric": name,
                    "mean": float(np.nanmean(value)),
                    "users": int(np.isfinite(value).sum()),
                }
                for name, value in values.items()
                if np.isfinite(value).any()
            ]

    def _columns(self, metrics: Sequence[str]) -> list[str]:
        return [f"{name}@{k}" for name in metrics if name in self._metrics for k in self._cutoffs]

    def _row(
        self, entry: EvaluatedModel, metric: str, values: NDArray[np.float64]
    ) -> dict[str, Any]:
        low, high = bootstrap_interval(values, self._bootstrap, self._seed)
        return {
            "model": entry.name,
            "metric": metric,
            "mean": float(np.nanmean(values)),
            "low": low,
            "high": high,
            "users": int(np.isfinite(values).sum()),
            "fit_seconds": entry.fit_seconds,
        }

    def result(self, dataset: Dataset) -> ComparisonResult:
        """All tables, as frames of the data set's library."""
        first, *others = self._values
        p_values: dict[tuple[str, str], float] = {}
        for metric in self._columns(USER_METRICS):
            reference = self._values[first][metric]
            raw = {
                name: paired_p(
                    reference, self._values[name][metric], 10 * self._bootstrap, self._seed
                )
                for name in others
            }
            p_values |= {(name, metric): p for name, p in holm(raw).items()}
        rows = [{**row, "p": p_values.get((row["model"], row["metric"]))} for row in self._rows]
        numbers = ("mean", "low", "high", "p", "fit_seconds")
        schema = {"model": pl.String, "metric": pl.String, **dict.fromkeys(numbers, pl.Float64)}
        table = pl.DataFrame(rows, schema={**schema, "users": pl.Int64})
        slices = pl.DataFrame(self._slices).sort(
            "slice", "metric", maintain_order=True, descending=False
        )
        users = dataset.users.at(self._evaluator.user_rows).alias("user_id")
        per_user_table = pl.concat(
            pl.DataFrame([users]).with_columns(
                pl.lit(model).alias("model"), pl.lit(metric).alias("metric"),
                pl.Series("value", value),
            )
            for model, values in self._values.items()
            for metric, value in values.items()
        ).select("model", "user_id", "metric", "value")  # fmt: skip
        tables = (to_library(frame, dataset.library) for frame in (table, per_user_table, slices))
        return ComparisonResult(*tables)


def lists_of(
    entry: EvaluatedModel, users: pl.Series, evaluator: Evaluator, k: int
) -> NDArray[np.int32]:
    """int32[U, k], the items that a model puts first for ``users``; -1 where its list is shorter.

    Raises:
        FrameError: its scores or lists are not what they should be.
    """
    model, name, items = entry.model, entry.name, entry.dataset.items
    if hasattr(model, "score"):

        def score(rows: NDArray[np.int64]) -> NDArray[np.float32]:
            scores = np.asarray(model.score(users[rows[0] : rows[-1] + 1].to_list()))
            if scores.shape != (len(rows), len(items)):
                raise FrameError(
                    f"{name}: score() of {len(rows)} users gave shape {scores.shape}; "
                    f"[{len(rows)}, {len(items)}] is expected, the items in the order of "
                    "dataset.item_ids"
                )
            if not np.issubdtype(scores.dtype, np.number) or np.isnan(scores).any():
                raise FrameError(f"{name}: score() gave nan, or no numbers")
            return scores.astype(np.float32)

        return top_k_blocks(score, len(users), evaluator.masked[:, : len(items)], k)
    table = model.recommend(users.to_list(), k=k)
    if library_of(table) is None:
        raise FrameError(
            f"{name}: recommend() gave {type(table).__name__}; a frame of user_id and item_id is "
            "expected"
        )
    both = ("user_id", "item_id")
    frame = read_columns(table, f"{name}.recommend()", both, both).frame
    rows = {user: row for row, user in enumerate(identifiers(users, name, "user_id").to_list())}
    columns = items.rows(identifiers(frame["item_id"], name, "item_id")).tolist()
    masked = [set(evaluator.masked[[row]].indices.tolist()) for row in range(len(users))]
    top = np.full((len(users), k), -1, dtype=np.int32)
    lengths = np.zeros(len(users), dtype=np.int64)
    for user, column in zip(
        identifiers(frame["user_id"], name, "user_id").to_list(), columns, strict=True
    ):
        row = rows.get(user)
        if column < 0:
            raise FrameError(f"{name}: recommend() gave an item that is not in the data set")
        if row is not None and lengths[row] < k and column not in masked[row]:
            masked[row].add(column)
            top[row, lengths[row]] = column
            lengths[row] += 1
    return top


def _controlled(dataset: Dataset, controls: Sequence[str], seed: int) -> dict[str, ItemFeatures]:
    """Control → the item features with one kind of knowledge removed or made false."""
    # Not above: it needs torch, which a comparison of closed forms does not.
    from tastegraph.evaluation.comparison import CONTROLS

    if unknown := [name for name in controls if name not in CONTROLS]:
        raise ConfigError(f"controls: there is no {unknown[0]!r}; there are {', '.join(CONTROLS)}")
    return {name: CONTROLS[name](dataset.item_features, seed) for name in controls}


def _entries(
    models: Any, dataset: Dataset, controlled: Mapping[str, ItemFeatures]
) -> Iterator[EvaluatedModel]:
    """Every model fitted on ``dataset``, and then on each control."""
    for name, model in _named(models).items():
        if not hasattr(model, "fit"):
            yield EvaluatedModel(name, model, dataset, np.nan)
            continue
        yield _fitted(name, model, dataset)
        if getattr(model, "uses_item_features", True):
            for control, item_features in controlled.items():
                other = dataset.with_item_features(item_features)
                yield _fitted(f"{name}, {control}", model, other)


def _fitted(name: str, model: Any, dataset: Dataset) -> EvaluatedModel:
    """A copy of ``model``, fitted."""
    fitted = copy.deepcopy(model)
    with Stopwatch() as stopwatch:
        result = fitted.fit(dataset)
    return EvaluatedModel(name, fitted if result is None else result, dataset, stopwatch.seconds)


def _named(models: Any) -> dict[str, Any]:
    if isinstance(models, Mapping):
        named = dict(models)
    else:
        listed = list(models) if isinstance(models, list | tuple) else [models]
        names = [str(getattr(model, "name", type(model).__name__)) for model in listed]
        texts = [repr(m) if names.count(n) > 1 else n for n, m in zip(names, listed, strict=True)]
        unique = [f"{t} {texts[:i].count(t) + 1}" if t in texts[:i] else t
                  for i, t in enumerate(texts)]  # fmt: skip
        named = dict(zip(unique, listed, strict=True))
    if not named:
        raise ConfigError("models: at least one is expected")
    for name, model in named.items():
        if isinstance(model, type) or not (hasattr(model, "score") or hasattr(model, "recommend")):
            raise ConfigError(
                f"models: {name} has neither score(users) nor recommend(users, k=…)"
                + (": give an instance, not the class" if isinstance(model, type) else "")
            )
    return named


def _metric_names(metrics: Sequence[str], cutoffs: Sequence[int]) -> list[str]:
    if isinstance(metrics, str):
        raise ConfigError(f"metrics: a list is expected: write [{metrics!r}]")
    names = []
    for metric in metrics:
        name, _, length = metric.lower().partition("@")
        if name not in METRICS:
            near = get_close_matches(name, METRICS, 1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise ConfigError(f"metrics: there is no {name!r}{hint} There are {', '.join(METRICS)}")
        if length and length not in map(str, cutoffs):
            raise ConfigError(f"metrics: {metric!r} is not measured at k = {list(cutoffs)}: add it")
        names.append(name)
    return list(dict.fromkeys(names))


def _settings(
    split: str, fractions: tuple[float, float, float], cutoffs: tuple[int, ...], bootstrap: int
) -> EvaluationConfig:
    if not cutoffs or min(cutoffs) < 1:
        raise ConfigError(f"k: a length of at least 1 is expected, {list(cutoffs)} found")
    try:
        return EvaluationConfig.model_validate(
            {"split": split, "fractions": fractions, "cutoffs": cutoffs, "bootstrap": bootstrap}
        )
    except ValidationError as error:
        problems = "; ".join(f"{e['loc'][0]}: {e['msg']}" for e in error.errors())
        raise ConfigError(problems) from None
