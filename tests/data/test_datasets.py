"""Data sets: a small folder in the shape of MovieLens 100K, and the real one where there is one."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tastegraph.core.errors import NotFoundError, RowError
from tastegraph.core.fact_columns import facts_of
from tastegraph.core.item_columns import frame_of_items
from tastegraph.core.records import Fact, Link
from tastegraph.data import downloads as assets
from tastegraph.data.column_facts import ColumnFacts
from tastegraph.data.public_datasets import PublicDataset, list_datasets

FILES = {
    "ml-100k.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n9\t1\t3\t5\n",
    "ml-100k.item": (
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        "1\tGodfather, The\t1972\tCrime Drama\n2\tBig\t1988\tComedy\n"
    ),
    "ml-100k.kg": (
        "head_id:token\trelation_id:token\ttail_id:token\nm.1\tfilm.film.directed_by\tm.07\n"
    ),
    "ml-100k.link": "item_id:token\tentity_id:token\n1\tm.1\n",
    "ml-100k.user": "user_id:token\n9\n",
}
DIRECTED = Fact("m.1", "film.film.directed_by", "m.07")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own = tmp_path / "recbole"
    own.mkdir()
    for name, text in FILES.items():
        (own / name).write_text(text)
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in FILES.items()}
    asset = replace(assets.ASSETS["ml-100k"], files=hashes)
    monkeypatch.setattr(assets, "ASSETS", {"ml-100k": asset})
    return tmp_path


def more(folder: Path) -> None:
    films = [
        {
            "movielens_id": "1", "plot": "A family.", "directors": "Francis  Ford Coppola",
            "cast": "Al Pacino, Al Pacino, James Caan",
        },
        {"movielens_id": "2", "plot": "", "directors": "", "cast": "Al Pacino"},
    ]  # fmt: skip
    (folder / "clayrs").mkdir()
    (folder / "clayrs/items_info.json").write_text(json.dumps(films))
    (folder / "frankgraphbench").mkdir()
    dbpedia = "http://dbpedia.org/resource"
    (folder / "frankgraphbench/enriched.csv").write_text(
        "item_id::string,abstract::string,writer::string_list,subject::string_list\n"
        f'1,"A ""film""\nof 1972",{dbpedia}/Mario_Puzo::{dbpedia}/%22Q%22_A,'
        f"{dbpedia}/Category:HIV/AIDS_films\n2,,,\n"
    )
    (folder / "freebase_names").mkdir()
    (folder / "freebase_names/FB15k_mid2name.txt").write_text(
        "/m/07\tFrancis_Ford_Coppola\n/m/08\tElsewhere\n"
    )


def test_own_files(folder: Path) -> None:
    dataset = PublicDataset("ml-100k", folder)
    [event] = dataset.events()
    assert (event.user_id, event.type, event.value) == ("9", "rating", 3.0)
    first, second = dataset.items()
    assert (first.title, first.text) == ("Godfather, The", "Crime, Drama")
    assert second.text == "Comedy"
    assert list(dataset.facts()) == [DIRECTED]
    assert list(dataset.links()) == [Link("1", "m.1")]
    stated = ColumnFacts(dataset.columns).of(frame_of_items([second]))
    assert sorted(facts_of(stated), key=lambda fact: fact.object) == [
        Fact("item:2", "release_year", "1988", literal=True),
        Fact("genre:Comedy", "label", "Comedy", literal=True),
        Fact("item:2", "genre", "genre:Comedy"),
    ]


def test_further_files(folder: Path) -> None:
    more(folder)
    dataset = PublicDataset("ml-100k", folder)
    assert [item.text for item in dataset.items()] == ["A family.", "Comedy"]
    facts = list(dataset.facts())
    assert facts[0] == DIRECTED
    labels = {fact.subject: fact.object for fact in facts if fact.relation == "label"}
    assert labels == {
        "m.07": "Francis Ford Coppola",
        "person:Francis Ford Coppola": "Francis Ford Coppola",
        "person:Al Pacino": "Al Pacino",
        "person:James Caan": "James Caan",
        "http://dbpedia.org/resource/Mario_Puzo": "Mario Puzo",
        "http://dbpedia.org/resource/%22Q%22_A": '"Q" A',
        "http://dbpedia.org/resource/Category:HIV/AIDS_films": "HIV/AIDS films",
    }
    assert sum(fact.relation == "label" for fact in facts) == len(labels)
    assert [(f.subject, f.relation, f.object) for f in facts if f.relation == "cast"] == [
        ("item:1", "cast", "person:Al Pacino"),
        ("item:1", "cast", "person:James Caan"),
        ("item:2", "cast", "person:Al Pacino"),
    ]
    assert {fact.relation for fact in facts} - {"label"} <= set(dataset.relations)
    assert all(fact.literal == (fact.relation == "label") for fact in facts)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("clayrs/items_info.json", "[", 1),
        ("clayrs/items_info.json", "{}", 1),
        ("clayrs/items_info.json", '[{"movielens_id": "1"}, {}]', 2),
        ("frankgraphbench/enriched.csv", "item_id::string,writer::string_list\n,x\n", 2),
        ("freebase_names/FB15k_mid2name.txt", "/m/07\tA\nnothing\n", 2),
    ],
)
def test_bad_further_files(folder: Path, name: str, text: str, line: int) -> None:
    more(folder)
    (folder / name).write_text(text)
    with pytest.raises(RowError) as caught:
        list(PublicDataset("ml-100k", folder).facts())
    assert (caught.value.file, caught.value.line) == (str(folder / name), line)


def test_names() -> None:
    assert set(list_datasets()) == {
        name for name, asset in assets.ASSETS.items() if asset.kind == "dataset"
    }
    for name in ("ml-100m", "wikidata-films"):
        with pytest.raises(NotFoundError, match="ml-100k"):
            PublicDataset(name)


def test_real_data() -> None:
    root = os.environ.get("TASTEGRAPH_DATA")
    if not root or not (real := Path(root) / "ml100k").is_dir():
        pytest.skip("TASTEGRAPH_DATA names no folder with ml100k")
    dataset = PublicDataset("ml-100k", real)
    events = list(dataset.events())
    assert len({event.event_id for event in events}) == len(events) == 100_000
    assert len({event.user_id for event in events}) == 943
    items = list(dataset.items())
    assert len(items) == 1682
    assert items[0].text.startswith("A cowboy doll")
    assert sum(1 for _ in dataset.links()) == 1598
    relations = {fact.relation for fact in dataset.facts()}
    assert relations == set(dataset.relations) - {"genre", "release_year"} | {"label"}
    assert sum(relation.startswith("film.") for relation in relations) == 24
