"""Three public data sets as the benchmark reads them: items, a graph, and events in three parts.

* ``ml1m``: films with DBpedia abstracts; two published DBpedia graphs; the published split in time.
* ``ml100k``: films with plots; Freebase, DBpedia and credits; each person's events in time order.
* ``amazon_beauty``: products with a title alone; brand and category. What was also bought or viewed
  was counted on all purchases, those of the test part too, and is left out.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from tastegraph.config import Config, Evaluation, Relation
from tastegraph.datasets import Dataset
from tastegraph.evaluation.parts import parts_of
from tastegraph.knowledge.graph import KnowledgeGraph, build_graph
from tastegraph.profiles.interactions import Interactions, interactions
from tastegraph.records import LABEL, Event, Fact, Item, Link
from tastegraph.sources.items import item_facts

WIKI_LINK = "http://dbpedia.org/ontology/wikiPageWikiLink"
FRACTIONS = (0.6, 0.2, 0.2)
"""Train, valid and test where no split was published: that of the set that has one."""
SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class Set:
    """One data set.

    Attributes:
        items: in the order of the graph's items.
        events: everybody's, oldest first.
        parts: int8[E], train, valid or test.
        config: phrases of relations, weights of events.
        maker: the relation whose object makes an item: who buys by brand, by director.
    """

    name: str
    items: list[Item]
    graph: KnowledgeGraph
    events: Interactions
    parts: NDArray[np.int8]
    config: Config
    maker: str


def ml1m(data: Path, *, wiki_links: bool = True) -> Set:
    """MovieLens-1M, the films that PEARLM's split has."""
    folder = data / "ml1m"
    abstracts = json.loads((folder / "dbpedia_abstracts/dbpedia_abstracts.json").read_text("utf-8"))
    numbers = {
        row["new_id"]: row["rating_id"]
        for row in _tsv(folder / "pearlm/mapping/product_mapping.txt")
    }
    kept = set(numbers.values())
    items = []
    for line in (folder / "grouplens/movies.dat").read_text("latin-1").splitlines():
        item_id, title, genres = line.split("::")
        if item_id in kept:
            genre = tuple(genres.split("|"))
            items.append(Item(item_id, title, abstracts.get(item_id, ""), {"genre": genre}))
    links = [Link(r["pid"], r["entity"]) for r in _tsv(folder / "pearlm/i2kg_map.txt")]
    facts = [f for f in _pearlm(folder) if wiki_links or f.relation != WIKI_LINK]
    facts += _entity2rec(folder)
    config = _config({"genre": "genre"}, _phrases(facts), given=True)
    return _set("ml1m", items, facts, links, _ml1m_events(folder, numbers), config,
                "http://dbpedia.org/ontology/director")  # fmt: skip


def ml100k(data: Path) -> Set:
    """MovieLens-100K; a rating of 4 or 5 is a like."""
    dataset = Dataset("ml-100k", data / "ml100k", announce=lambda _: None)
    columns = {name: c.model_dump(exclude_defaults=True) for name, c in dataset.columns.items()}
    phrases = {name: Relation(phrase=phrase) for name, phrase in dataset.relations.items()}
    config = Config.model_validate(
        {
            "items": {"facts": columns},
            "evaluation": {"split": "user-temporal", "fractions": FRACTIONS},
        }
    ).model_copy(update={"relations": phrases})
    return _set("ml100k", list(dataset.items()), list(dataset.facts()), list(dataset.links()),
                list(dataset.events()), config, "director")  # fmt: skip


def amazon_beauty(data: Path) -> Set:
    """Amazon's Beauty, five purchases at least of each person and product."""
    folder = data / "amazon_beauty"
    number = json.loads((folder / "dhr/item_id_to_int.json").read_text("utf-8"))
    names = {
        row["global_product_id"]: row["name"] for row in _csv(folder / "dhr/products_lookup.csv")
    }
    products = _lines(folder / "pgpr/product.txt.gz")
    brands = _listed(folder, "brand_p_b", "brand")
    categories = _listed(folder, "category_p_c", "category")
    items = [
        Item(asin, names[str(number[asin])], "", {"brand": brand, "category": category})
        for asin, brand, category in zip(products, brands, categories, strict=True)
    ]
    told = json.loads((folder / "rdrec/datamaps.json").read_text("utf-8"))
    events = []
    for line in (folder / "s3rec/Beauty.txt").read_text("utf-8").splitlines():
        user, *bought = line.split()
        events += [
            Event(
                f"{user}-{when}",
                told["id2user"][user],
                told["id2item"][item],
                "purchase",
                None,
                when,
            )
            for when, item in enumerate(bought)
        ]
    config = _config({"brand": "brand", "category": "category"}, {}, given=False)
    return _set("amazon_beauty", items, [], [], events, config, "brand")


def ml1m_without_wiki_links(data: Path) -> Set:
    """The same without the links between DBpedia's pages, which leak fame."""
    return replace(ml1m(data, wiki_links=False), name="ml1m_without_wiki_links")


SETS: dict[str, Callable[[Path], Set]] = {
    "ml1m": ml1m,
    "ml100k": ml100k,
    "amazon_beauty": amazon_beauty,
}
MORE: dict[str, Callable[[Path], Set]] = {"ml1m_without_wiki_links": ml1m_without_wiki_links}
"""Measured on cold items alone, and not taught on."""


def _set(
    name: str,
    items: list[Item],
    facts: Iterable[Fact],
    links: list[Link],
    events: Iterable[Event],
    config: Config,
    maker: str,
) -> Set:
    columns = [fact for item in items for fact in item_facts(item, config.items.facts)]
    graph = build_graph(items, (), enumerate([*columns, *facts]), links, config)
    by_id = {item.item_id: item for item in items}
    index = {item_id: row for row, item_id in enumerate(graph.item_ids)}
    ordered = sorted(events, key=lambda event: (event.user_id, event.timestamp))
    told = interactions(ordered, index, config.events)
    return Set(
        name=name,
        items=[by_id[item_id] for item_id in graph.item_ids],
        graph=graph,
        events=told,
        parts=parts_of(told, config.evaluation, seed=1),
        config=config,
        maker=maker,
    )


def _config(columns: dict[str, str], phrases: dict[str, str], *, given: bool) -> Config:
    evaluation = Evaluation(split="given" if given else "user-temporal", fractions=FRACTIONS)
    facts = {column: {"relation": relation} for column, relation in columns.items()}
    return Config.model_validate({"items": {"facts": facts}}).model_copy(
        update={
            "evaluation": evaluation,
            "relations": {name: Relation(phrase=phrase) for name, phrase in phrases.items()},
        }
    )


def _phrases(facts: Iterable[Fact]) -> dict[str, str]:
    """DBpedia's names of relations are nouns in one word: ``musicComposer``."""
    names = {fact.relation for fact in facts if not fact.literal}
    apart = {name: name.rpartition("/")[2].rpartition(":")[2] for name in names}
    return {
        name: "".join(f" {c.lower()}" if c.isupper() else c for c in word)
        for name, word in apart.items()
    } | {WIKI_LINK: "related to"}


def _ml1m_events(folder: Path, numbers: dict[str, str]) -> Iterator[Event]:
    for split in SPLITS:
        with gzip.open(folder / f"pearlm/mapping/{split}.txt.gz", "rt") as file:
            for line in file:
                user, item, _, when = line.split()
                yield Event(f"{user}-{item}", user, numbers[item], "like", None, float(when), split)


def _pearlm(folder: Path) -> Iterator[Fact]:
    relations = {row["id"]: row["kb_relation"] for row in _tsv(folder / "pearlm/r_map.txt")}
    entities = {row["eid"]: row["entity"] for row in _tsv(folder / "pearlm/e_map.txt")}
    for entity in entities.values():
        yield Fact(entity, LABEL, _resource(entity), literal=True)
    triples = {
        (r["entity_head"], r["relation"], r["entity_tail"])
        for r in _tsv(folder / "pearlm/kg_final.txt")
    }
    for head, relation, tail in sorted(triples):
        yield Fact(entities[head], relations[relation], entities[tail])


def _entity2rec(folder: Path) -> Iterator[Fact]:
    named: set[str] = set()
    for file in sorted((folder / "entity2rec").glob("*.edgelist")):
        relation = f"http://dbpedia.org/ontology/{file.stem.removeprefix('dbo:')}"
        for line in file.read_text("utf-8").splitlines():
            head, tail = line.split()
            if tail not in named:
                named.add(tail)
                yield Fact(tail, LABEL, _resource(tail), literal=True)
            yield Fact(head, relation, tail)


def _resource(uri: str) -> str:
    name = uri.partition("/resource/")[2] or uri
    return unquote(name).removeprefix("Category:").replace("_", " ")


def _listed(folder: Path, file: str, names: str) -> list[tuple[str, ...]]:
    told = _lines(folder / f"pgpr/{names}.txt.gz")
    return [
        tuple(told[int(k)] for k in row.split()) for row in _lines(folder / f"pgpr/{file}.txt.gz")
    ]


def _lines(file: Path) -> list[str]:
    with gzip.open(file, "rt", encoding="utf-8") as opened:
        return opened.read().splitlines()


def _tsv(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        yield from csv.DictReader(opened, delimiter="\t", quoting=csv.QUOTE_NONE)


def _csv(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        yield from csv.DictReader(opened)
