"""Items of MovieLens to entities of DBpedia and Wikidata, against links that others published.

    python -m benchmarks.knowledge.item_linking DATA [--vectors FOLDER]

``ml1m``: candidates are all entities of two published graphs (films, people, companies,
categories); gold are the links of entity2rec. ``ml100k``: the same graph together with the facts of
FranKGraphBench; gold is its map. ``ml100k_wikidata``: candidates are the films, people, genres … of
the data set ``wikidata-films``; gold are the IMDb ids of ClayRS's catalogue, and an entity is right
if the source gives it that id. An item offers its title, year and genres only. Half of the items,
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

``unfitted`` rows learn from no link; ``vectors`` rows know the language model's vectors too. What
the demo does is the ``unfitted`` row of ``ml100k_wikidata``: of all its items ``linked`` are linked
and ``present`` have their gold id in the source.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.knowledge.scores import scores
from tastegraph.core.config import GraphConfig
from tastegraph.core.records import Fact, Item, Link
from tastegraph.data.public_datasets import PLOTS
from tastegraph.data.wikidata_films import IMDB_ID, WikidataFilms
from tastegraph.kg.linking.calibration import expected_calibration_error
from tastegraph.kg.linking.candidates import Encode
from tastegraph.kg.linking.entities import EntityIndex
from tastegraph.kg.linking.linker import Linker, LinkingResult
from tastegraph.kg.names import name_from_id, normalize_name, split_qualifier, title_names

TO_WIKIDATA = "ml100k_wikidata"
SEED = 1
MAX_TOKENS = 64


@dataclass(frozen=True)
class Gold:
    """The right entity of each item.

    Attributes:
        of_item: item → id of what it is.
        of_entity: entity → the same id, where a source has ids of its own; by default the entity.
    """

    of_item: Mapping[str, str]
    of_entity: Mapping[str, str] = field(default_factory=dict)

    def is_right(self, item_id: str, entity_id: str | None) -> bool:
        """Whether an item is this entity."""
        if entity_id is None:
            return False
        return self.of_entity.get(entity_id, entity_id) == self.of_item.get(item_id)

    @cached_property
    def entity_of(self) -> dict[str, str]:
        """Item → its entity; the first one where a source has several of one id."""
        entity_of_id: dict[str, str] = {}
        for entity, identifier in self.of_entity.items():
            entity_of_id.setdefault(identifier, entity)
        return {item: entity_of_id.get(gold, gold) for item, gold in self.of_item.items()}


def run(data: Path, encode: Encode | None = None) -> dict[str, Any]:
    """The figures of all sets, with and without known links."""
    dbpedia = [*_entity2rec(data), *_pearlm(data)]
    films, ml100k = list(WikidataFilms().facts()), list(_ml100k_items(data))
    results = {}
    for name, facts, items, gold in (
        ("ml1m", dbpedia, list(_ml1m_items(data)), Gold(_ml1m_gold(data))),
        ("ml100k", [*dbpedia, *_frankgraphbench(data)], ml100k, Gold(_ml100k_gold(data))),
        (TO_WIKIDATA, films, ml100k, _imdb_gold(data, films)),
    ):
        entities = EntityIndex(facts, GraphConfig().naming_relations)
        results[name] = _measure(entities, items, gold, None)
        if name == TO_WIKIDATA:
            results[name] |= _of_all(entities, items, gold)
        if encode is not None:
            results[name]["vectors"] = _measure(entities, items, gold, encode)
    return results


def _of_all(entities: EntityIndex, items: Sequence[Item], gold: Gold) -> dict[str, int]:
    links = Linker(entities).link(items)
    return {
        "items": len(items),
        "present": sum(gold.entity_of.get(i.item_id) in entities.numbers for i in items),
        "linked": sum(link.entity_id is not None for link in links),
        "to_review": sum(link.entity_id is None and bool(link.candidates) for link in links),
    }


def _measure(
    entities: EntityIndex, items: Sequence[Item], gold: Gold, encode: Encode | None
) -> dict[str, Any]:
    entity_of = gold.entity_of
    order = np.random.default_rng(SEED).permutation(len(items))
    learning = [items[i] for i in sorted(order[: len(items) // 2])]
    measured = [items[i] for i in sorted(order[len(items) // 2 :])]
    linker = Linker(entities, encode)
    unfitted = _row(linker.link(measured), gold, entities)
    known = [Link(i.item_id, entity_of[i.item_id]) for i in learning if i.item_id in entity_of]
    linker.fit(known, learning)
    titles = [
        (item.title, entity_of[item.item_id]) for item in measured if item.item_id in entity_of
    ]
    return {
        **_row(linker.link(measured), gold, entities),
        "threshold": round(linker.threshold, 4),
        "entities": len(entities),
        "other_name": sum(not _same_name(title, entity, entities) for title, entity in titles),
        "unfitted": unfitted,
    }


def _row(links: Sequence[LinkingResult], gold: Gold, entities: EntityIndex) -> dict[str, Any]:
    judged = [linked for linked in links if linked.item_id in gold.of_item]
    others = [linked for linked in links if linked.item_id not in gold.of_item]
    units = []
    for linked in judged:
        right = gold.is_right(linked.item_id, linked.entity_id)
        wrong = linked.entity_id is not None and not right
        missed = not right and gold.entity_of[linked.item_id] in entities.numbers
        units.append((int(right), int(wrong), int(missed)))
    first = [
        bool(linked.candidates) and gold.is_right(linked.item_id, linked.candidates[0].entity_id)
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


def _same_name(title: str, entity: str, entities: EntityIndex) -> bool:
    mine = {normalize_name(name) for name in title_names(title)[0]}
    number = entities.numbers.get(entity)
    names = (name_from_id(entity),) if number is None else entities.names[number]
    return any(normalize_name(split_qualifier(name)[0]) in mine for name in names)


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


def _imdb_gold(data: Path, films: Sequence[Fact]) -> Gold:
    rows = json.loads((data / "ml100k" / PLOTS).read_text(encoding="utf-8"))
    of_item = {row["movielens_id"]: f"tt{row['imdb_id']}" for row in rows if row["imdb_id"]}
    return Gold(of_item, {fact.subject: fact.object for fact in films if fact.relation == IMDB_ID})


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


def _ml1m_gold(data: Path) -> dict[str, str]:
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


def _ml100k_gold(data: Path) -> dict[str, str]:
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
