"""A model in the arrays and the manifest of a snapshot, and back.

The arrays of a component are its own affair (:class:`~tastegraph.models.base.Component`); here are
those of the items, their graph and texts, and of the model as a whole. What only the next fit needs
stands apart, so that a service neither checks nor maps it; large matrices are written in less space
(:mod:`~tastegraph.core.narrow`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.core.narrow import BLOCK_ROWS, narrowed, rows_of, widened
from tastegraph.core.strings import MappedStrings, pack_ids, pack_strings
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.base import (
    KNOWLEDGE,
    NETWORK,
    POPULARITY,
    RECENT_POPULARITY,
    TEXT,
    Arrays,
    Component,
    Prior,
    SimilarityComponent,
)
from tastegraph.models.fitted_model import (
    FittedModel,
    Hyperparameters,
    hyperparameters_from_json,
    hyperparameters_to_json,
)
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.kernels import FactorKernel
from tastegraph.models.registry import COMPONENTS, by_name, learns
from tastegraph.models.retrieval.index import RetrievalIndex
from tastegraph.models.training_data import KindWeights, weights_of_kinds
from tastegraph.profiles.association import Associations, DerivedAssociations, with_semantic
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.likelihood import Likelihood, Scale
from tastegraph.profiles.likers import Likers
from tastegraph.profiles.prototypes import Prototypes
from tastegraph.profiles.semantics import Semantics
from tastegraph.store.snapshots import LEARNING, Array, Snapshot


def to_arrays(
    item_features: ItemFeatures, fitted_model: FittedModel, model: HybridModel
) -> tuple[dict[str, Any], Arrays]:
    """The manifest entries and arrays that the functions below read."""
    hyperparameters = fitted_model.hyperparameters
    semantics = item_features.semantics
    of_model = {**_fitted_arrays(fitted_model, model), **_model_arrays(model)}
    # By object, so that what two names have in common stays one array.
    narrow = {id(values): narrowed(values) for values in of_model.values()}
    manifest = {
        "choice": hyperparameters_to_json(hyperparameters),
        "cold": fitted_model.cold,
        "kinds": [[name, rev, weight] for (name, rev), weight in fitted_model.kind_weights.items()],
        "network": by_name()[NETWORK].params_to_json(hyperparameters.params[NETWORK]),
        "parts": list(_served_components(model)),
        "counts": {
            "items": item_features.graph.n_listed,
            "nodes": item_features.graph.n_nodes,
            "edges": len(item_features.graph.heads),
        },
        "reliability": None if semantics is None else asdict(semantics[1]),
        "retrieval": None if model.index is None else model.index.to_json(),
    }
    return manifest, {
        **_apart(item_features_arrays(item_features), _LEARNING_FEATURES),
        **ties_arrays(item_features),
        **semantics_arrays(item_features),
        **{name: narrow[id(values)] for name, values in of_model.items()},
        **({} if model.index is None else model.index.to_arrays()),
    }


def hyperparameters_from(snapshot: Snapshot) -> Hyperparameters:
    """What validation data decided."""
    return hyperparameters_from_json(snapshot.manifest["choice"])


def fitted_model_from(snapshot: Snapshot) -> FittedModel:
    """What was learned from events."""
    manifest, arrays = snapshot.manifest, snapshot.everything
    return FittedModel(
        hyperparameters=hyperparameters_from(snapshot),
        item_ids=list(snapshot.strings("behaviour.items")),
        warm=arrays["behaviour.warm"],
        touched=arrays["behaviour.touched"],
        kind_weights=_kind_weights(snapshot),
        learned={
            component.name: {name: widened(values) for name, values in learned.items()}
            for component in COMPONENTS
            if (learned := component.learned_view(arrays)) or not learns(component)
        },
        cold=manifest["cold"],
    )


def relation_weights_from(snapshot: Snapshot) -> NDArray[np.float32]:
    """float32[2R], how much facts of each relation and direction say about who likes what."""
    return weights_of_kinds(snapshot.strings("graph.relations"), _kind_weights(snapshot))


def _kind_weights(snapshot: Snapshot) -> KindWeights:
    return {(name, reverse): weight for name, reverse, weight in snapshot.manifest["kinds"]}


def model_from(snapshot: Snapshot, *, whole: bool = False) -> HybridModel:
    """The model, ready to rank; needs no torch.

    Args:
        snapshot: that holds it.
        whole: whether large matrices are copied as float32, for scoring many users at once;
            by default they stay mapped, and the rows that are read are widened.
    """
    read = widened if whole else rows_of
    arrays = {name: read(values) for name, values in snapshot.arrays.items()}
    hyperparameters = hyperparameters_from(snapshot)
    rows, names = np.asarray(arrays["model.rows"]), {*snapshot.manifest["parts"], *_ALWAYS}
    components: dict[str, Component] = {}
    for component in COMPONENTS:
        if component.name in names:
            recency = hyperparameters.attention.get(component.name, Recency())
            opened = component.open(arrays, recency, rows)
            if opened is not None:
                components[component.name] = _in_memory(opened) if whole else opened
    return HybridModel(
        components=components,
        blend=Blend(warm=hyperparameters.weights, cold=snapshot.manifest["cold"]),
        warm=np.asarray(arrays["model.warm"]),
        rows=rows,
        popularity=np.asarray(arrays["model.popularity"]),
        new=np.asarray(arrays["model.new"]),
        likers=Likers(
            arrays["likes.indptr"], arrays["likes.indices"], int(arrays["likes.people"][0])
        ),
        n_entities=len(rows) - snapshot.manifest["counts"]["items"],
        index=_index(snapshot),
    )


def _in_memory(component: Component) -> Component:
    """``component`` with both sides of a factor kernel multiplied out."""
    if isinstance(component, SimilarityComponent) and isinstance(component.kernel, FactorKernel):
        return replace(component, kernel=component.kernel.whole())
    return component


def _index(snapshot: Snapshot) -> RetrievalIndex | None:
    values = snapshot.manifest.get("retrieval")
    return None if values is None else RetrievalIndex.from_arrays(snapshot.arrays, values)


def item_features_from(snapshot: Snapshot) -> ItemFeatures:
    """Graph and texts."""
    arrays = snapshot.everything
    graph = KnowledgeGraph(
        item_ids=list(snapshot.strings("graph.items")),
        node_ids=list(snapshot.strings("graph.nodes")),
        labels=list(snapshot.strings("graph.labels")),
        relations=list(snapshot.strings("graph.relations")),
        heads=arrays["graph.heads"],
        relation=arrays["graph.relation"],
        tails=arrays["graph.tails"],
        facts=arrays["graph.facts"].astype(np.int64),
        confidence=arrays["graph.confidence"],
        other_rows=other_rows_from(snapshot),
    )
    rows, vectors = arrays["text.rows"], rows_of(arrays["text.vectors"])
    text = np.zeros((graph.n_nodes, vectors.shape[1]), dtype=np.float32)
    for start in range(0, len(rows), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        text[rows[block]] = vectors[block]
    words = _csr(arrays, "words", "values", int(arrays["words.width"][0]))
    facts_in_text, finetuned = (bool(flag) for flag in arrays["text.flags"])
    vocabulary = list(MappedStrings.of_arrays(arrays, "words.vocabulary"))
    return ItemFeatures(graph, text, words, facts_in_text, finetuned, vocabulary=vocabulary)


def other_rows_from(snapshot: Snapshot) -> dict[str, int]:
    """:attr:`~tastegraph.kg.graph.KnowledgeGraph.other_rows`."""
    rows = snapshot.arrays["graph.other_rows"].tolist()
    return dict(zip(snapshot.strings("graph.others"), rows, strict=True))


def associations_from(snapshot: Snapshot) -> Associations:
    """Items × features, as they are stated; nothing is copied."""
    return _associations(snapshot.arrays, "associations")


def ties_from(snapshot: Snapshot) -> Associations:
    """Items × features: what is stated, and what the items' texts lie near; nothing is copied."""
    return _associations(snapshot.arrays, "ties")


def _associations(arrays: Mapping[str, Array], group: str) -> Associations:
    node = arrays["associations.node"]
    n_items, n_features = len(arrays["associations.indptr"]) - 1, len(node)
    derived = DerivedAssociations(
        by_feature=_csr(arrays, "features", "strength", n_items),
        of_nodes=_csr(arrays, "nodes", "strength", n_features),
    )
    return Associations(
        strength=_csr(arrays, group, "strength", n_features),
        facts=arrays[f"{group}.facts"],
        relation=arrays["associations.relation"],
        reverse=arrays["associations.reverse"],
        node=node,
        derived=derived,
    )


def semantics_from(snapshot: Snapshot, n_features: int) -> Semantics | None:
    """What finds the ties of any text; ``None`` where none could be learned."""
    arrays = snapshot.arrays
    if "prototypes.features" not in arrays:
        return None
    directions = arrays["prototypes.directions"].astype(np.float32)
    prototypes = Prototypes(
        features=arrays["prototypes.features"],
        sums=directions * arrays["prototypes.lengths"][:, None],
        centre=arrays["prototypes.centre"],
    )
    scale = Scale(*(arrays[f"likelihood.{part}"] for part in ("kind", "mean", "spread", "prior")))
    by_cosine, by_far = arrays["likelihood.shared"].tolist()
    offset, slope = arrays["likelihood.offset"], arrays["likelihood.slope"]
    return Semantics(prototypes, Likelihood(scale, offset, slope, by_cosine, by_far), n_features)


def item_features_arrays(item_features: ItemFeatures) -> Arrays:
    """What a snapshot holds of graph and texts."""
    graph, associations = item_features.graph, item_features.associations
    rows = np.flatnonzero(item_features.text.any(axis=1))
    return {
        **pack_ids("graph.items", graph.item_ids),
        **pack_ids("graph.nodes", graph.node_ids),
        **pack_ids("graph.others", [*graph.other_rows]),
        "graph.other_rows": np.array([*graph.other_rows.values()], dtype=np.int64),
        **pack_strings("graph.labels", graph.labels),
        **pack_strings("graph.relations", graph.relations),
        "graph.heads": graph.heads,
        "graph.relation": graph.relation,
        "graph.tails": graph.tails,
        "graph.facts": narrow_integers(graph.facts),
        "graph.confidence": graph.confidence,
        "text.rows": rows,
        "text.vectors": narrowed(item_features.text[rows]),
        "text.flags": np.array([item_features.facts_in_text, item_features.finetuned]),
        "words.indptr": item_features.words.indptr.astype(np.int64),
        "words.indices": narrow_columns(item_features.words),
        "words.values": item_features.words.data.astype(np.float32),
        "words.width": np.array([item_features.words.shape[1]]),
        **pack_strings("words.vocabulary", item_features.vocabulary),
        **csr_arrays("associations", associations.strength),
        "associations.facts": narrow_integers(associations.facts),
        "associations.relation": associations.relation,
        "associations.reverse": associations.reverse,
        "associations.node": associations.node,
    }


def ties_arrays(item_features: ItemFeatures) -> Arrays:
    """What :func:`ties_from` reads, and what follows from the stated associations."""
    stated = item_features.associations
    return associated_arrays(stated, with_semantic(stated, item_features.likely))


def associated_arrays(stated: Associations, ties: Associations) -> Arrays:
    """What is stated and, among it, what texts lie near, with what follows from ``stated``."""
    return {
        **csr_arrays("ties", ties.strength),
        "ties.facts": narrow_integers(ties.facts),
        **csr_arrays("features", stated.by_feature),
        **csr_arrays("nodes", stated.of_nodes),
    }


def semantics_arrays(item_features: ItemFeatures) -> Arrays:
    """What finds the ties of any text, where it could be learned.

    The directions of prototypes are kept as float16, which moves no probability by .001.
    """
    if item_features.semantics is None:
        return {}
    semantics = item_features.semantics[0]
    prototypes, likelihood = semantics.prototypes, semantics.likelihood
    return {
        "prototypes.features": prototypes.features,
        "prototypes.directions": prototypes.directions.astype(np.float16),
        "prototypes.lengths": prototypes.lengths,
        "prototypes.centre": prototypes.centre,
        "likelihood.kind": likelihood.scale.kind,
        "likelihood.mean": likelihood.scale.mean,
        "likelihood.spread": likelihood.scale.spread,
        "likelihood.prior": likelihood.scale.prior,
        "likelihood.offset": likelihood.offset,
        "likelihood.slope": likelihood.slope,
        "likelihood.shared": np.array([likelihood.by_cosine, likelihood.by_far]),
    }


def _fitted_arrays(fitted_model: FittedModel, model: HybridModel) -> Arrays:
    arrays: Arrays = {
        **pack_strings(f"{LEARNING}behaviour.items", fitted_model.item_ids),
        f"{LEARNING}behaviour.warm": fitted_model.warm,
        f"{LEARNING}behaviour.touched": fitted_model.touched,
    }
    served = {*_served_components(model), *_ALWAYS}
    for name, component in by_name().items():
        learned = component.learned_names(fitted_model.learned.get(name, {}))
        is_served = name in served and component.serves_learned
        arrays |= learned if is_served else _apart(learned, learned)
    return arrays


def _apart(arrays: Arrays, names: Collection[str]) -> Arrays:
    """``arrays``, those of these ``names`` among what only the next fit needs."""
    return {
        f"{LEARNING}{name}" if name in names else name: values for name, values in arrays.items()
    }


def _model_arrays(model: HybridModel) -> Arrays:
    assert model.likers is not None
    served: Arrays = {}
    for component in _served_components(model).values():
        served |= component.served_names(component.served_arrays())
    recent = model.components.get(RECENT_POPULARITY)
    return {
        **served,
        "model.rows": model.rows,
        "model.warm": model.warm,
        "model.popularity": model.popularity,
        "model.recent": recent.counts if isinstance(recent, Prior) else np.zeros(0, np.float32),
        "model.new": model.new,
        "likes.indptr": model.likers.indptr,
        "likes.indices": model.likers.users,
        "likes.people": np.array([model.likers.count]),
    }


def _served_components(model: HybridModel) -> dict[str, Component]:
    """The components that a snapshot holds: those with a weight, and what is asked for by name."""
    weighted = model.blend.weighted
    return {
        name: component
        for name, component in model.components.items()
        if name in weighted or name in _ALWAYS_SERVED
    }


_ALWAYS_SERVED = (NETWORK, KNOWLEDGE, TEXT, POPULARITY, RECENT_POPULARITY)
"""Components that have a use beside their score: vectors, features, words and counts."""
_ALWAYS = (POPULARITY, RECENT_POPULARITY)
"""Components that earlier snapshots do not list."""


_LEARNING_FEATURES = (
    *(f"graph.{name}" for name in ("heads", "relation", "tails", "facts", "confidence")),
    *(f"words.{name}" for name in ("indptr", "indices", "values", "width")),
    "words.vocabulary",
    "words.vocabulary.ends",
    "text.flags",
)
"""Names of the arrays of items that no service reads."""


def narrow_integers(values: NDArray[Any]) -> NDArray[Any]:
    """``values`` as int32 where they all fit, else as int64."""
    limits = np.iinfo(np.int32)
    fits = not len(values) or (values.min() >= limits.min and values.max() <= limits.max)
    return np.asarray(values, dtype=np.int32 if fits else np.int64)


def narrow_columns(matrix: CSR) -> NDArray[Any]:
    """The columns of a matrix's entries, as uint16 where they all fit, else as int32."""
    fits = matrix.shape[1] <= np.iinfo(np.uint16).max + 1
    return np.asarray(matrix.indices, dtype=np.uint16 if fits else np.int32)


def csr_arrays(group: str, matrix: CSR) -> Arrays:
    """A matrix as the arrays ``indptr``, ``indices`` and ``strength`` of a group."""
    return {
        f"{group}.indptr": matrix.indptr.astype(np.int64),
        f"{group}.indices": matrix.indices.astype(np.int32),
        f"{group}.strength": matrix.data.astype(np.float32),
    }


def _csr(arrays: Mapping[str, Array], group: str, data: str, columns: int) -> CSR:
    indptr = arrays[f"{group}.indptr"]
    columns_of_entries = np.asarray(arrays[f"{group}.indices"], dtype=np.int32)
    parts = (arrays[f"{group}.{data}"], columns_of_entries, indptr)
    return sparse.csr_array(parts, shape=(len(indptr) - 1, columns), copy=False)
