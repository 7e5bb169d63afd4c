"""Content, what was learned, and the model, to and from the arrays of a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.base import (
    BEHAVIOUR,
    KNOWLEDGE,
    MAPPED,
    MAPPED_KNOWLEDGE,
    NETWORK,
    TEXT,
    TOWER,
    SimilarityComponent,
)
from tastegraph.models.choice_json import hyperparameters_from_json, hyperparameters_to_json
from tastegraph.models.graph_network.parameters import NetworkSettings, TrainedNetwork
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.kernels import (
    AffinityKernel,
    FactorKernel,
    FeatureKernel,
    NetworkKernel,
    Scores,
    TableKernel,
)
from tastegraph.models.learned import FittedModel, Hyperparameters, ItemFeatures, aligned
from tastegraph.models.nearness import nearness_arrays
from tastegraph.profiles.association import Associations
from tastegraph.profiles.attention import Recency, SequenceAttention
from tastegraph.profiles.likers import Likers
from tastegraph.store.snapshots import Array, Snapshot, pack_strings

Arrays = dict[str, Array]


def to_arrays(
    item_features: ItemFeatures, fitted_model: FittedModel, model: HybridModel
) -> tuple[dict[str, Any], Arrays]:
    """The manifest entries and arrays that the three functions below read."""
    manifest = {
        "choice": hyperparameters_to_json(fitted_model.hyperparameters),
        "cold": fitted_model.cold,
        "kinds": [[name, rev, weight] for (name, rev), weight in fitted_model.kind_weights.items()],
        "network": fitted_model.network.settings.to_json(),
        "parts": list(model.components),
        "counts": {
            "items": item_features.graph.n_items,
            "nodes": item_features.graph.n_nodes,
            "edges": len(item_features.graph.heads),
        },
        "reliability": None
        if item_features.semantics is None
        else asdict(item_features.semantics[1]),
    }
    return manifest, {
        **item_features_arrays(item_features),
        **nearness_arrays(item_features),
        **_learned_arrays(fitted_model),
        **_model_arrays(model),
    }


def item_features_from(snapshot: Snapshot) -> ItemFeatures:
    """Graph and texts."""
    arrays = snapshot.arrays
    graph = KnowledgeGraph(
        item_ids=snapshot.strings("graph.items"),
        node_ids=snapshot.strings("graph.nodes"),
        labels=snapshot.strings("graph.labels"),
        relations=snapshot.strings("graph.relations"),
        heads=arrays["graph.heads"],
        relation=arrays["graph.relation"],
        tails=arrays["graph.tails"],
        facts=arrays["graph.facts"],
        confidence=arrays["graph.confidence"],
    )
    vectors = arrays["text.vectors"]
    text = np.zeros((graph.n_nodes, vectors.shape[1]), dtype=np.float32)
    text[arrays["text.rows"]] = vectors
    words = _csr(snapshot, "words", "values", graph.n_items)
    facts_in_text, taught = (bool(flag) for flag in arrays["text.flags"])
    return ItemFeatures(graph, text, words, facts_in_text, taught)


def associations_from(snapshot: Snapshot) -> Associations:
    """Items × features."""
    arrays = snapshot.arrays
    n_items = len(arrays["associations.indptr"]) - 1
    return Associations(
        strength=_csr(snapshot, "associations", "strength", n_items),
        facts=arrays["associations.facts"],
        relation=arrays["associations.relation"],
        reverse=arrays["associations.reverse"],
        node=arrays["associations.node"],
    )


def hyperparameters_from(snapshot: Snapshot) -> Hyperparameters:
    """The settings that validation data decided."""
    return hyperparameters_from_json(snapshot.manifest["choice"])


def fitted_model_from(snapshot: Snapshot) -> FittedModel:
    """What was learned from events."""
    manifest, arrays = snapshot.manifest, snapshot.arrays
    prefix = "network.learned."
    return FittedModel(
        hyperparameters=hyperparameters_from(snapshot),
        item_ids=snapshot.strings("behaviour.items"),
        warm=arrays["behaviour.warm"],
        table=_table_from(snapshot),
        kind_weights={(name, rev): weight for name, rev, weight in manifest["kinds"]},
        network=TrainedNetwork(
            parameters={
                name.removeprefix(prefix): array
                for name, array in arrays.items()
                if name.startswith(prefix)
            },
            item_ids=snapshot.strings("behaviour.items"),
            node_ids=snapshot.strings("network.nodes"),
            settings=NetworkSettings(**manifest["network"]),
            relations=snapshot.strings("network.relations")
            if "network.relations" in arrays
            else [],
        ),
        tower=arrays["tower.vectors"],
        cold=manifest["cold"],
        recent=arrays["popularity.recent"],
        touched=arrays["behaviour.touched"],
    )


def model_from(snapshot: Snapshot) -> HybridModel:
    """The model, ready to rank; needs no torch."""
    arrays, hyperparameters = snapshot.arrays, hyperparameters_from(snapshot)
    rows = arrays["model.rows"]
    parts = {
        BEHAVIOUR: SimilarityComponent(
            hyperparameters.attention[BEHAVIOUR], TableKernel(aligned(_table_from(snapshot), rows))
        ),
        NETWORK: SimilarityComponent(
            SequenceAttention(
                queries=arrays["network.queries"],
                keys=arrays["network.keys"],
                values=arrays["network.values"],
                bias=arrays["network.bias"],
            ),
            _network_kernel(arrays),
        ),
    }
    if KNOWLEDGE in snapshot.manifest["parts"]:
        features = _csr(snapshot, "associations", "features", len(rows))
        parts[KNOWLEDGE] = SimilarityComponent(
            hyperparameters.attention.get(KNOWLEDGE, Recency()), FeatureKernel(features)
        )
    for name in (TEXT, *MAPPED, TOWER):
        if name in snapshot.manifest["parts"]:
            kernel = FactorKernel(arrays[f"{name}.left"], arrays[f"{name}.right"])
            if name == MAPPED_KNOWLEDGE:
                kernel = AffinityKernel(
                    kernel.left, kernel.right, features, arrays[f"{name}.loadings"]
                )
            parts[name] = SimilarityComponent(
                hyperparameters.attention.get(name, Recency()), kernel
            )
    return HybridModel(
        components=parts,
        blend=Blend(warm=hyperparameters.weights, cold=snapshot.manifest["cold"]),
        warm=np.asarray(arrays["model.warm"]),
        rows=np.asarray(rows),
        popularity=np.asarray(arrays["model.popularity"]),
        recent=np.asarray(arrays["model.recent"]),
        new=np.asarray(arrays["model.new"]),
        likers=Likers(
            arrays["likes.indptr"], arrays["likes.indices"], int(arrays["likes.people"][0])
        ),
    )


def item_features_arrays(item_features: ItemFeatures) -> Arrays:
    """What a snapshot holds of graph and texts."""
    graph, associations = item_features.graph, item_features.associations
    rows = np.flatnonzero(item_features.text.any(axis=1))
    return {
        **pack_strings("graph.items", graph.item_ids),
        **pack_strings("graph.nodes", graph.node_ids),
        **pack_strings("graph.labels", graph.labels),
        **pack_strings("graph.relations", graph.relations),
        "graph.heads": graph.heads,
        "graph.relation": graph.relation,
        "graph.tails": graph.tails,
        "graph.facts": graph.facts,
        "graph.confidence": graph.confidence,
        "text.rows": rows,
        "text.vectors": item_features.text[rows],
        "text.flags": np.array([item_features.facts_in_text, item_features.taught]),
        "words.indptr": item_features.words.indptr.astype(np.int64),
        "words.indices": item_features.words.indices.astype(np.int32),
        "words.values": item_features.words.data.astype(np.float32),
        "words.width": np.array([item_features.words.shape[1]]),
        "associations.indptr": associations.strength.indptr.astype(np.int64),
        "associations.indices": associations.strength.indices.astype(np.int32),
        "associations.strength": associations.strength.data,
        "associations.facts": associations.facts,
        "associations.relation": associations.relation,
        "associations.reverse": associations.reverse,
        "associations.node": associations.node,
    }


def _learned_arrays(fitted_model: FittedModel) -> Arrays:
    table = fitted_model.table
    if isinstance(table, np.ndarray):
        arrays: Arrays = {"behaviour.table": table}
    else:
        arrays = {
            "behaviour.data": table.data,
            "behaviour.indices": table.indices.astype(np.int32),
            "behaviour.indptr": table.indptr.astype(np.int64),
        }
    return {
        **arrays,
        **pack_strings("behaviour.items", fitted_model.item_ids),
        "behaviour.warm": fitted_model.warm,
        "tower.vectors": fitted_model.tower,
        "popularity.recent": fitted_model.recent,
        "behaviour.touched": fitted_model.touched,
        **pack_strings("network.nodes", fitted_model.network.node_ids),
        **(
            pack_strings("network.relations", fitted_model.network.relations)
            if fitted_model.network.relations
            else {}
        ),
        **{f"network.learned.{k}": v for k, v in fitted_model.network.parameters.items()},
    }


def _model_arrays(model: HybridModel) -> Arrays:
    network = model.components[NETWORK]
    assert isinstance(network.attention, SequenceAttention)
    assert isinstance(network.kernel, FactorKernel)
    assert model.likers is not None
    arrays: Arrays = {
        "model.rows": model.rows,
        "model.warm": model.warm,
        "model.popularity": model.popularity,
        "model.recent": model.recent,
        "model.new": model.new,
        "network.queries": network.attention.queries,
        "network.keys": network.attention.keys,
        "network.values": network.attention.values,
        "network.bias": network.attention.bias,
        "network.items": network.kernel.right,
        "likes.indptr": model.likers.indptr,
        "likes.indices": model.likers.people,
        "likes.people": np.array([model.likers.count]),
    }
    for name, part in model.components.items():
        if isinstance(part.kernel, FeatureKernel):
            arrays["associations.features"] = part.kernel.features.data
        elif name != NETWORK and isinstance(part.kernel, FactorKernel):
            arrays |= {f"{name}.left": part.kernel.left, f"{name}.right": part.kernel.right}
        if isinstance(part.kernel, NetworkKernel):
            arrays["network.items.text"] = part.kernel.text
            arrays["network.items.facts"] = part.kernel.facts
        if isinstance(part.kernel, AffinityKernel):
            arrays[f"{name}.loadings"] = part.kernel.loadings
    return arrays


def _network_kernel(arrays: Mapping[str, Array]) -> FactorKernel:
    """Only that of a linear network can be taken apart."""
    sides = arrays["network.values"], arrays["network.items"]
    if "network.items.text" not in arrays:
        return FactorKernel(*sides)
    return NetworkKernel(*sides, arrays["network.items.text"], arrays["network.items.facts"])


def _table_from(snapshot: Snapshot) -> Scores | CSR:
    if "behaviour.table" in snapshot.arrays:
        return snapshot.arrays["behaviour.table"]
    return _csr(snapshot, "behaviour", "data", len(snapshot.arrays["behaviour.indptr"]) - 1)


def _csr(snapshot: Snapshot, group: str, data: str, rows: int) -> CSR:
    arrays = snapshot.arrays
    columns = rows
    if f"{group}.width" in arrays:
        columns = int(arrays[f"{group}.width"][0])
    elif f"{group}.node" in arrays:
        columns = len(arrays[f"{group}.node"])
    parts = (arrays[f"{group}.{data}"], arrays[f"{group}.indices"], arrays[f"{group}.indptr"])
    return sparse.csr_array(parts, shape=(rows, columns), copy=False)
