"""Estimators: every component, and the blend of all of them, as a :class:`Recommender`.

``tastegraph.models.EASE(regularization=250)`` is a :class:`ComponentRecommender` of the component
EASE, and so for each component; ``tastegraph.models.Hybrid()`` is the whole model.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from tastegraph.core.arrays import CSR
from tastegraph.core.config import ModelConfig
from tastegraph.core.errors import ConfigError, TastegraphError
from tastegraph.core.plots import bars
from tastegraph.models.base import (
    NETWORK,
    Arrays,
    Component,
    Contribution,
    Prior,
    SimilarityComponent,
)
from tastegraph.models.dataset import Dataset
from tastegraph.models.fitted_model import FittedModel
from tastegraph.models.graph_network.component import GraphNetworkComponent, trained_network
from tastegraph.models.graph_network.parameters import NetworkSettings
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.kernels import AffinityKernel, FactorKernel, Scores
from tastegraph.models.knowledge import Knowledge
from tastegraph.models.persistence import fitted_model_from, model_from, to_arrays
from tastegraph.models.recommender import Recommender, merge_arguments
from tastegraph.models.training_data import TrainingData
from tastegraph.profiles.attention import Recency, attend
from tastegraph.profiles.interactions import History
from tastegraph.store.snapshots import Snapshot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COMPONENT_MODULES: Mapping[str, tuple[str, str]] = {
    "Popularity": ("popularity", "Popularity"),
    "RecentPopularity": ("popularity", "RecentPopularity"),
    "ItemKNN": ("item_knn", "ItemKNN"),
    "CoEngagement": ("co_engagement", "CoEngagement"),
    "EASE": ("ease", "EASE"),
    "Knowledge": ("knowledge", "Knowledge"),
    "MappedKnowledge": ("mapped", "MappedKnowledge"),
    "Text": ("text", "Text"),
    "MappedText": ("mapped", "MappedText"),
    "TextTower": ("text_tower", "TextTower"),
    "GraphNetwork": ("graph_network.component", "GraphNetworkComponent"),
}
"""Public name of an estimator → module and class of its component."""
RECENCY = {"half_life": None, "against": 0.0}
"""Arguments of components that weigh a history by recency."""


class ComponentRecommender(Recommender):
    """One component as a recommender: its raw scores, nothing blended.

    Args:
        component: the component.
        name: what it is called; by default the name of its class.
        seed: of everything that is drawn while it learns.
        arguments: fields of its parameters, as its class documents them; and where it weighs a
            history by recency, ``half_life`` in likes and ``against``, the factor on events that
            count against their item.

    Raises:
        ConfigError: there is no such argument.
    """

    def __init__(
        self, component: type[Component], name: str = "", *, seed: int = 1, **arguments: Any
    ) -> None:
        super().__init__(seed)
        self.component, self.name = component, name or component.__name__
        self._arguments = dict(arguments)
        own = asdict(component.default)
        recency = RECENCY if _weighs_by_recency(component) else {}
        merged = merge_arguments({**own, **recency}, arguments)
        self._params = type(component.default)(**{name: merged[name] for name in own})
        self._recency = Recency(**{name: merged[name] for name in recency})
        self.uses_item_features = component.reason != "popularity" and (
            component.ranks_new_items or component.learns_attention or merged.get("grouped", False)
        )
        self._fitted: tuple[Arrays, Component] | None = None

    def __repr__(self) -> str:
        return _call(self.name, self._arguments, self.seed)

    def _learn(self, dataset: Dataset) -> None:
        data = TrainingData.of(
            dataset.item_features, dataset.events, dataset.config.model.history, self.seed
        )
        learned = self.component.learn(data, self._params, self.seed)
        fitted = self.component.from_arrays(learned, self._params, data)
        if fitted is None:
            raise TastegraphError(
                f"{self!r} has nothing to compare items by: give facts or texts, as in "
                "Dataset.from_frames(events, items=…, facts=…), or events with times"
            )
        self._fitted = learned, fitted.with_recency(self._recency)

    @property
    def _model(self) -> Component:
        assert self._fitted is not None
        return self._fitted[1]

    def _score(self, histories: Sequence[History]) -> Scores:
        return np.array(self._model.score(histories), dtype=np.float32)

    def _similarity(self, histories: Sequence[History]) -> Scores:
        if isinstance(self._model, Prior):
            raise TastegraphError(
                f"{self.name} does not compare items: use ItemKNN, EASE, Knowledge or Text"
            )
        return self._score(histories)

    def _contributions(self, history: History, item: int) -> list[Contribution]:
        return self._model.contributions(history, item)

    def _factors(self) -> tuple[Scores, Scores] | None:
        kernel = getattr(self._model, "kernel", None)
        return (kernel.left, kernel.right) if isinstance(kernel, FactorKernel) else None

    def _attention(self, histories: Sequence[History]) -> CSR:
        assert isinstance(self._model, SimilarityComponent)
        return attend(histories, self._model.attention, self._model.n_items)

    def _entity_vectors(self) -> tuple[list[str], Scores] | None:
        assert self._fitted is not None
        if not isinstance(self._model, GraphNetworkComponent):
            return None
        return entity_vectors(self._fitted[0], self._params, self.dataset)

    def _arrays(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        assert self._fitted is not None
        component, (learned, fitted) = self.component, self._fitted
        manifest = {
            "component": [component.__module__, component.__name__],
            "name": self.name,
            "seed": self.seed,
            "arguments": self._arguments,
            "params": component.params_to_json(self._params),
        }
        arrays = component.learned_names(learned)
        if isinstance(kernel := getattr(fitted, "kernel", None), AffinityKernel):
            # It opens the ties of items beside its own arrays.
            arrays |= Knowledge.served_names({"features": kernel.features.data})
        return manifest, {**arrays, **component.served_names(fitted.served_arrays())}

    @classmethod
    def opened(cls, snapshot: Snapshot, dataset: Dataset) -> ComponentRecommender:
        """The model that :meth:`save` wrote."""
        saved = snapshot.manifest["recommender"]
        module, name = saved["component"]
        component: type[Component] = getattr(import_module(module), name)
        model = cls(component, saved["name"], seed=saved["seed"], **saved["arguments"])
        model._params = component.params_from_json(saved["params"])
        n_items = dataset.graph.n_items
        counts = np.bincount(dataset.user_items.indices, minlength=n_items)
        arrays = {**snapshot.arrays, "model.popularity": counts}
        rows = np.arange(n_items, dtype=np.int64)
        opened = component.open(arrays, model._recency, rows)
        assert opened is not None
        model._fitted, model._dataset = (component.learned_view(arrays), opened), dataset
        return model


class Hybrid(Recommender):
    """The whole model: every component, tuned and blended on held-out events.

    Hyperparameters are chosen on the validation part of the split that the data set's
    ``[evaluation]`` names; then all is learned again from every event.

    Args:
        seed: of everything that is drawn while it learns.
        arguments: keys of ``[model]`` (:class:`tastegraph.core.config.ModelConfig`), such as
            ``epochs``, ``dimensions`` and ``budget``.

    Raises:
        ConfigError: there is no such argument, or its value is out of range.
    """

    name = "Hybrid"

    def __init__(self, *, seed: int = 1, **arguments: Any) -> None:
        super().__init__(seed)
        self._arguments = arguments
        known = {name: None for name in ModelConfig.model_fields if name != "seed"}
        merge_arguments(known, arguments)
        _model_config(ModelConfig(), {**arguments, "seed": seed})
        self._fitted: tuple[FittedModel, HybridModel] | None = None

    def __repr__(self) -> str:
        return _call(self.name, self._arguments, self.seed)

    def _learn(self, dataset: Dataset) -> None:
        # Not above: they need torch, which scoring does not.
        from tastegraph.models.tuning import tune_and_fit

        model = _model_config(dataset.config.model, {**self._arguments, "seed": self.seed})
        config = dataset.config.model_copy(update={"model": model})
        self._fitted = tune_and_fit(dataset.item_features, dataset.events, config)

    @property
    def _model(self) -> HybridModel:
        assert self._fitted is not None
        return self._fitted[1]

    @property
    def _newest(self) -> int:
        history = self._arguments.get("history", self.dataset.config.model.history)
        return int(history)

    @property
    def weights(self) -> Mapping[str, Mapping[str, float]]:
        """Weights of the components on items with events, for known and for new users.

        Raises:
            NotFittedError: the model has not been fitted.
        """
        self.dataset  # noqa: B018 - says where the model is not fitted
        return self._model.blend.warm

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the weights of the blend (needs ``tastegraph[plot]``)."""
        weights = self.weights
        names = list(self._model.components)
        series = {f"{segment} users": [row.get(name, 0.0) for name in names]
                  for segment, row in weights.items()}  # fmt: skip
        axes = bars(names, series, None, "weight", axes)
        axes.tick_params(axis="x", rotation=45)
        return axes

    def _score(self, histories: Sequence[History]) -> Scores:
        return self._model.score(histories)

    def _similarity(self, histories: Sequence[History]) -> Scores:
        model = self._model
        alone = replace(
            model, components=model.similarities, popularity=np.zeros_like(model.popularity)
        )
        return alone.score(histories)

    def _contributions(self, history: History, item: int) -> list[Contribution]:
        model = self._model
        ranked = model.rank(history)
        if not ranked.component_scores:
            return [Contribution(float(ranked.scores[item]), None, "popularity")]
        terms = []
        for name, (weights, _) in ranked.component_scores.items():
            component = model.components[name]
            (spread,) = model.inverse_spread(component.score([history]))
            factor = float(weights[item]) * float(spread)
            if factor:
                terms += [
                    replace(term, share=term.share * factor)
                    for term in component.contributions(history, item)
                ]
        return terms

    def _factors(self) -> tuple[Scores, Scores] | None:
        """Those of the graph network."""
        kernel = self._network.kernel
        return kernel.left, kernel.right

    def _attention(self, histories: Sequence[History]) -> CSR:
        return attend(histories, self._network.attention, self._model.n_items)

    def _entity_vectors(self) -> tuple[list[str], Scores]:
        assert self._fitted is not None
        fitted, _ = self._fitted
        params = fitted.hyperparameters.params[NETWORK]
        return entity_vectors(fitted.learned[NETWORK], params, self.dataset)

    @property
    def _network(self) -> GraphNetworkComponent:
        network = self._model.components[NETWORK]
        assert isinstance(network, GraphNetworkComponent)
        return network

    def _arrays(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        assert self._fitted is not None
        fitted, model = self._fitted
        manifest, arrays = to_arrays(self.dataset.item_features, fitted, model)
        own = {
            "component": None,
            "name": self.name,
            "seed": self.seed,
            "arguments": self._arguments,
        }
        return {**own, "hybrid": manifest}, arrays

    @classmethod
    def opened(cls, snapshot: Snapshot, dataset: Dataset) -> Hybrid:
        """The model that :meth:`save` wrote."""
        saved = snapshot.manifest["recommender"]
        model = cls(seed=saved["seed"], **saved["arguments"])
        whole = replace(snapshot, manifest={**snapshot.manifest, **saved["hybrid"]})
        model._fitted, model._dataset = (
            (fitted_model_from(whole), model_from(whole, whole=True)),
            dataset,
        )
        return model


def entity_vectors(
    arrays: Arrays, params: NetworkSettings, dataset: Dataset
) -> tuple[list[str], Scores]:
    """Ids of entities and values, and the vectors from which a graph network propagates them.

    Args:
        arrays: what the network learned.
        params: its settings.
        dataset: with the graph that it learned from.

    Returns:
        The ids, and float32[N, d]: a node's own learned vector plus that of its name.
    """
    features = dataset.item_features
    data = TrainingData(features, dataset.events.user_items(), np.zeros(0, dtype=np.float32))
    network, graph = trained_network(arrays, params, data.learned_item_ids), features.graph
    row_of = {name: graph.n_items + row for row, name in enumerate(graph.node_ids)}
    text = features.text[[row_of[name] for name in network.node_ids]]
    own = network.parameters["node"][len(network.item_ids) :]
    return network.node_ids, np.asarray(own + text @ network.parameters["text"], dtype=np.float32)


def estimator(name: str) -> Callable[..., ComponentRecommender]:
    """What ``tastegraph.models.NAME`` is: makes a recommender of one component.

    Raises:
        AttributeError: no component has this name.
    """
    if name not in COMPONENT_MODULES:
        raise AttributeError(f"module 'tastegraph.models' has no attribute {name!r}")
    module, class_name = COMPONENT_MODULES[name]
    component: type[Component] = getattr(import_module(f"tastegraph.models.{module}"), class_name)

    def make(*, seed: int = 1, **arguments: Any) -> ComponentRecommender:
        return ComponentRecommender(component, name, seed=seed, **arguments)

    defaults = {field.name: getattr(component.default, field.name)
                for field in fields(component.default)}  # fmt: skip
    defaults |= RECENCY if _weighs_by_recency(component) else {}
    make.__name__ = make.__qualname__ = name
    make.__doc__ = (
        f"{component.__doc__}\n\nSee :class:`tastegraph.models.{module}.{class_name}`; arguments "
        "are those of its parameters. The result is a "
        ":class:`~tastegraph.models.recommender.Recommender`."
    )
    keyword = inspect.Parameter.KEYWORD_ONLY
    make.__signature__ = inspect.Signature([  # type: ignore[attr-defined]
        inspect.Parameter(argument, keyword, default=value)
        for argument, value in {**defaults, "seed": 1}.items()
    ])  # fmt: skip
    return make


def _call(name: str, arguments: Mapping[str, Any], seed: int) -> str:
    """The call that makes a model."""
    texts = [f"{argument}={value!r}" for argument, value in arguments.items()]
    texts += [f"seed={seed}"] if seed != 1 else []
    return f"{name}({', '.join(texts)})"


def _weighs_by_recency(component: type[Component]) -> bool:
    return issubclass(component, SimilarityComponent) and not component.learns_attention


def _model_config(config: ModelConfig, arguments: Mapping[str, Any]) -> ModelConfig:
    try:
        return ModelConfig.model_validate({**config.model_dump(), **arguments})
    except ValidationError as error:
        problems = "; ".join(f"{e['loc'][0]}: {e['msg']}" for e in error.errors())
        raise ConfigError(problems) from None
