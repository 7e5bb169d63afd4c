"""MovieLens-1M: films with two DBpedia graphs and texts, under two published splits.

Both splits and both graphs name films by MovieLens' own ids, which join them.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from benchmarks.published.sets.files import by_user, folder_of, tsv
from benchmarks.published.sets.phrases import WIKI_LINK, phrases
from benchmarks.published.sets.set import (
    GIVEN,
    SPLITS,
    BenchmarkDataset,
    assembled,
    with_validation,
)
from tastegraph.core.config import Config, RelationConfig
from tastegraph.core.records import LABEL, Event, Fact, Item, Link

DIRECTOR = "http://dbpedia.org/ontology/director"
Texts = Mapping[str, str]


def ml1m_pearlm(data: Path, *, wiki_links: bool = True) -> BenchmarkDataset:
    """PEARLM's split (Balloccu et al.): each user's earlier, later and last events.

    Args:
        wiki_links: whether links between DBpedia's pages count, which leak fame.
    """
    folder = folder_of(data, "ml1m")
    numbers = {
        row["new_id"]: row["rating_id"]
        for row in tsv(folder / "pearlm/mapping/product_mapping.txt")
    }
    items = list(_films(folder, set(numbers.values()), _abstracts(folder)))
    facts = [f for f in _facts(folder) if wiki_links or f.relation != WIKI_LINK]
    links = [Link(row["pid"], row["entity"]) for row in tsv(folder / "pearlm/i2kg_map.txt")]
    return assembled("ml1m-pearlm", items, facts, links, _in_time(folder, numbers),
                     _config(facts), DIRECTOR)  # fmt: skip


def ml1m_colakg(data: Path, seed: int = 1) -> BenchmarkDataset:
    """CoLaKG's split (Cui et al., SIGIR 2025): a random fifth of each user's events is held out.

    It has no validation part; one is cut from train by ``seed``. A film's text is what a language
    model wrote of it.
    """
    folder = folder_of(data, "ml1m")
    numbers = {
        new: old
        for old, new in map(str.split, (folder / "colakg/item_map.txt").read_text().splitlines())
    }
    written = json.loads((folder / "colakg/llm_response_item.json").read_text("utf-8"))
    items = list(_films(folder, set(numbers.values()), written))
    facts = list(_facts(folder))
    events = [
        replace(event, item_id=numbers[event.item_id])
        for part in ("train", "test")
        for event in by_user(folder / f"colakg/{part}.txt", part)
    ]
    dataset = assembled(
        "ml1m-colakg", items, facts, _links(folder), events, _config(facts), DIRECTOR
    )
    return replace(dataset, parts=with_validation(dataset.parts, dataset.events, seed))


def _config(facts: list[Fact]) -> Config:
    relations = {name: RelationConfig(phrase=phrase) for name, phrase in phrases(facts).items()}
    return Config.model_validate({"items": {"facts": {"genre": {"relation": "genre"}}}}).model_copy(
        update={"evaluation": GIVEN, "relations": relations}
    )


def _films(folder: Path, item_ids: Collection[str], texts: Texts) -> Iterator[Item]:
    for line in (folder / "grouplens/movies.dat").read_text("latin-1").splitlines():
        item_id, title, genres = line.split("::")
        if item_id in item_ids:
            genre = tuple(genres.split("|"))
            yield Item(item_id, title, texts.get(item_id, ""), {"genre": genre})


def _abstracts(folder: Path) -> Texts:
    file = folder / "dbpedia_abstracts/dbpedia_abstracts.json"
    abstracts: Texts = json.loads(file.read_text("utf-8"))
    return abstracts


def _in_time(folder: Path, numbers: Mapping[str, str]) -> Iterator[Event]:
    for part in SPLITS:
        with gzip.open(folder / f"pearlm/mapping/{part}.txt.gz", "rt") as file:
            for line in file:
                user, item, _, when = line.split()
                yield Event(f"{user}-{item}", user, numbers[item], "like", None, float(when), part)


def _links(folder: Path) -> list[Link]:
    """Which film is which page, by both graphs together."""
    links = {row["pid"]: row["entity"] for row in tsv(folder / "pearlm/i2kg_map.txt")}
    with (folder / "entity2rec/mappings.tsv").open(encoding="utf-8", newline="") as file:
        for film, _, page in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            links.setdefault(film, page)
    return [Link(film, page) for film, page in links.items()]


def _facts(folder: Path) -> Iterator[Fact]:
    yield from _pearlm(folder)
    yield from _entity2rec(folder)


def _pearlm(folder: Path) -> Iterator[Fact]:
    relations = {row["id"]: row["kb_relation"] for row in tsv(folder / "pearlm/r_map.txt")}
    entities = {row["eid"]: row["entity"] for row in tsv(folder / "pearlm/e_map.txt")}
    for entity in entities.values():
        yield Fact(entity, LABEL, _resource(entity), literal=True)
    triples = {
        (r["entity_head"], r["relation"], r["entity_tail"])
        for r in tsv(folder / "pearlm/kg_final.txt")
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
