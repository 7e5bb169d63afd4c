"""Items of MovieLens to entities of DBpedia, against links that others published.

    python -m benchmarks.knowledge.item_linking DATA [--vectors FOLDER]

``ml1m``: candidates are all entities of two published graphs (films, people, companies,
categories); gold are the links of entity2rec. ``ml100k``: the same graph together with the facts of
FranKGraphBench; gold is its map. An item offers its title, year and genres only. Half of the items,
drawn by seed, is learned from; the figures are of the other half, and of them

* ``precision``, ``recall``, ``f1`` count the items with a gold link; one whose gold entity is in no
  fact can only be linked wrongly, and is not missed;
* ``ceiling`` is the share of gold entities that are in the graph, ``recall_of_all`` counts the
  others as missed;
* ``ece`` is of the confidence in the best candidate;
* ``nil`` counts the items with a gold link that were not linked; ``linked_without_gold``
  of how many items without one how many were: these count neither way;
* ``other_name`` counts the gold entities whose name is none that the title gives: much of it is
  gold at fault (*The Kid* → *Mad Max 2*), and none of it is left out.

``unfitted`` rows learn from no link; ``vectors`` rows know the language model's vectors too.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.knowledge.scores import scores
from tastegraph.core.config import GraphConfig
from tastegraph.core.records import Fact, Item, Link
from tastegraph.kg.linking.calibration import expected_calibration_error
from tastegraph.kg.linking.candidates import Encode
from tastegraph.kg.linking.entities import EntityIndex
from tastegraph.kg.linking.linker import Linker, LinkingResult
from tastegraph.kg.names import name_from_id, normalize_name, split_qualifier, title_names

SEED = 1
MAX_TOKENS = 64
Gold = dict[str, str]


def run(data: Path, encode: Encode | None = None) -> dict[str, Any]:
    """The figures of both sets, with and without known links."""
    facts = [*_entity2rec(data), *_pearlm(data)]
    results = {}
    for name, more, items, gold in (
        ("ml1m", [], list(_ml1m_items(data)), _ml1m_gold(data)),
        ("ml100k", list(_frankgraphbench(data)), list(_ml100k_items(data)), _ml100k_gold(data)),
    ):
        entities = EntityIndex([*facts, *more], GraphConfig().naming_relations)
        results[name] = _measure(entities, items, gold, None)
        if encode is not None:
            results[name]["vectors"] = _measure(entities, items, gold, encode)
    return results


def _measure(
    entities: EntityIndex, items: Sequence[Item], gold: Gold, encode: Encode | None
) -> dict[str, Any]:
    order = np.random.default_rng(SEED).permutation(len(items))
    learning = [items[i] for i in sorted(order[: len(items) // 2])]
    measured = [items[i] for i in sorted(order[len(items) // 2 :])]
    linker = Linker(entities, encode)
    unfitted = _row(linker.link(measured), gold, entities)
    linker.fit([Link(i.item_id, gold[i.item_id]) for i in learning if i.item_id in gold], learning)
    titles = [(item.title, gold[item.item_id]) for item in measured if item.item_id in gold]
    return {
        **_row(linker.link(measured), gold, entities),
        "threshold": round(linker.threshold, 4),
        "entities": len(entities),
        "other_name": sum(not _same_name(title, entity) for title, entity in titles),
        "unfitted": unfitted,
    }


def _row(links: Sequence[LinkingResult], gold: Gold, entities: EntityIndex) -> dict[str, Any]:
    judged = [linked for linked in links if linked.item_id in gold]
    others = [linked for linked in links if linked.item_id not in gold]
    units = []
    for linked in judged:
        right = linked.entity_id == gold[linked.item_id]
        wrong = linked.entity_id is not None and not right
        missed = not right and gold[linked.item_id] in entities.numbers
        units.append((int(right), int(wrong), int(missed)))
    first = [
        bool(linked.candidates) and linked.candidates[0].entity_id == gold[linked.item_id]
        for linked in judged
    ]
    confidence = np.array([linked.confidence for linked in judged])
    row = scores(units)
    return {
        **row,
        "gold": len(judged),
        "ceiling": round(row["gold"] / len(judged), 4),
        "recall_of_all": round(sum(right for right, _, _ in units) / len(judged), 4),
        "ece": round(expected_calibration_error(confidence, np.array(first)), 4),
        "nil": sum(linked.entity_id is None for linked in judged),
        "linked_without_gold": [sum(o.entity_id is not None for o in others), len(others)],
    }


def _same_name(title: str, entity: str) -> bool:
    mine = {normalize_name(name) for name in title_names(title)[0]}
    return normalize_name(split_qualifier(name_from_id(entity))[0]) in mine


def _entity2rec(data: Path) -> Iterator[Fact]:
    for path in sorted((data / "ml1m/entity2rec").glob("*.edgelist")):
        for line in path.read_text(encoding="utf-8").splitlines():
            subject, object_ = line.split()
            yield Fact(subject, path.stem, object_)


def _pearlm(data: Path) -> Iterator[Fact]:
    folder = data / "ml1m/pearlm"
    entity = {row["eid"]: row["entity"] for row in _tsv(folder / "e_map.txt")}
    relation = {row["id"]: row["kb_relation"] for row in _tsv(folder / "r_map.txt")}
    for row in _tsv(folder / "kg_final.txt"):
        head, tail = entity[row["entity_head"]], entity[row["entity_tail"]]
        yield Fact(head, relation[row["relation"]], tail)


def _frankgraphbench(data: Path) -> Iterator[Fact]:
    gold = _ml100k_gold(data)
    with (data / "ml100k/frankgraphbench/enriched.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for column, cell in row.items():
                relation, _, kind = column.partition("::")
                for value in cell.split("::") if kind == "string_list" and cell else ():
                    yield Fact(gold[row["item_id::string"]], relation, value)


def _ml1m_items(data: Path) -> Iterator[Item]:
    for line in (data / "ml1m/grouplens/movies.dat").read_text("latin-1").splitlines():
        item_id, title, genres = line.split("::")
        yield Item(item_id, title, attributes={"genre": tuple(genres.split("|"))})


def _ml1m_gold(data: Path) -> Gold:
    rows = (data / "ml1m/entity2rec/mappings.tsv").read_text(encoding="utf-8").splitlines()
    return {row.split("\t")[0]: row.split("\t")[2] for row in rows}


def _ml100k_items(data: Path) -> Iterator[Item]:
    for row in _tsv(data / "ml100k/recbole/ml-100k.item"):
        yield Item(
            row["item_id:token"],
            row["movie_title:token_seq"],
            attributes={
                "year": (row["release_year:token"],),
                "genre": tuple(row["class:token_seq"].split()),
            },
        )


def _ml100k_gold(data: Path) -> Gold:
    path = data / "ml100k/frankgraphbench/map.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return {row["item_id::string"]: row["URI::string"] for row in rows if row["URI::string"]}


def _tsv(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def _minilm(folder: Path) -> Encode:
    from tastegraph.data import downloads as assets
    from tastegraph.store import caches
    from tastegraph.store.database import Database
    from tastegraph.text.encoder import Encoder

    folder.mkdir(parents=True, exist_ok=True)
    cache = Database(folder / "vectors.db", caches.vector_metadata)
    return Encoder(assets.find("all-MiniLM-L6-v2"), MAX_TOKENS, cache).encode


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--vectors", type=Path, help="a folder to keep the language model's in")
    arguments = parser.parse_args()
    encode = _minilm(arguments.vectors) if arguments.vectors else None
    print(json.dumps(run(arguments.data, encode), indent=1))


if __name__ == "__main__":
    main()
