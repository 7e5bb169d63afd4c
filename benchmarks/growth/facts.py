"""What is known of items: a graph whose objects are at home in the items' communities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.growth.pools import GRAPH, Pool
from benchmarks.growth.shape import Relation, Shape
from tastegraph.kg.graph import KnowledgeGraph

OBJECTS_PER_GROUP = 4
"""A relation with few objects tells families of communities apart, no single ones."""


def graph(items: Pool, shape: Shape, seed: int) -> KnowledgeGraph:
    """The knowledge graph of a catalogue, with no label but ids."""
    rng = np.random.default_rng([seed, GRAPH])
    n_items = len(items.home)
    node_ids: list[str] = []
    subjects = {"": (0, items.home)}
    heads, relation, tails = [], [], []
    for number, shape_of_relation in enumerate(shape.relations):
        size = shape_of_relation.objects(n_items)
        groups = min(items.groups, max(size // OBJECTS_PER_GROUP, 1))
        pool = Pool.of(size, groups, shape.degree, rng)
        offset, home = subjects[shape_of_relation.of]
        subject, tail = _facts(home, shape_of_relation, pool, shape, rng)
        first = n_items + len(node_ids)
        heads.append(subject + offset)
        relation.append(np.full(len(subject), number, dtype=np.int32))
        tails.append(tail + first)
        subjects[shape_of_relation.name] = (first, pool.home)
        node_ids += [f"{shape_of_relation.name}/{one}" for one in range(size)]
    head, kind, tail = np.concatenate(heads), np.concatenate(relation), np.concatenate(tails)
    order = np.lexsort((tail, kind, head))
    item_ids = [f"i{item:08d}" for item in range(n_items)]
    return KnowledgeGraph(
        item_ids=item_ids,
        node_ids=node_ids,
        labels=[*item_ids, *node_ids],
        relations=[shape_of_relation.name for shape_of_relation in shape.relations],
        heads=head[order].astype(np.int32),
        relation=kind[order],
        tails=tail[order].astype(np.int32),
        facts=np.arange(len(order)),
        confidence=np.ones(len(order), dtype=np.float32),
    )


def _facts(
    home: NDArray[np.int32],
    shape_of_relation: Relation,
    pool: Pool,
    shape: Shape,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """int64[F] twice, subjects and objects of one relation, no pair twice."""
    each = 1 + rng.poisson(shape_of_relation.facts - 1, len(home))
    subject = np.repeat(np.arange(len(home)), each)
    drawn = pool.draw(home[subject] % pool.groups, shape.fidelity, rng)
    size = len(pool.home)
    pairs = np.unique(subject * size + drawn)
    return pairs // size, pairs % size
