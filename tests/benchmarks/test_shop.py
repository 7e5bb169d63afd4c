"""A shop of the growth benchmark: its files are of one seed, can be imported, and hang together."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from benchmarks.growth.shop import EVENTS_PER_ITEM, SHOP, TYPES, write_shop
from benchmarks.growth.world import World

from tastegraph.core.records import LABEL
from tastegraph.data.files import Files, rejects_file
from tastegraph.workspace import Workspace

ITEMS = 1_500
FILES = ("items.csv", "events.csv", "facts.csv")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    write_shop(ITEMS, folder)
    return folder


def test_one_seed_writes_the_same_files_and_another_others(folder, tmp_path):
    write_shop(ITEMS, tmp_path / "same")
    write_shop(ITEMS, tmp_path / "other", seed=2)
    for name in FILES:
        assert (tmp_path / "same" / name).read_bytes() == (folder / name).read_bytes()
        assert (tmp_path / "other" / name).read_bytes() != (folder / name).read_bytes()


def test_counts_are_those_of_the_files_four_events_and_six_facts_for_each_item(tmp_path):
    counts = write_shop(ITEMS, tmp_path)
    events, facts = (pl.read_csv(tmp_path / f"{name}.csv") for name in ("events", "facts"))
    stated = facts.filter(pl.col("relation") != LABEL)
    assert counts == {
        "items": ITEMS,
        "users": events["user_id"].n_unique(),
        "events": len(events),
        "facts": len(stated),
    }
    assert len(events) == pytest.approx(EVENTS_PER_ITEM * ITEMS, rel=0.02)
    assert len(stated) == pytest.approx(6 * ITEMS, rel=0.05)
    types = events["type"].value_counts(normalize=True)
    for name, share in types.iter_rows():
        assert share == pytest.approx(TYPES[name], abs=0.02)


def test_an_import_takes_every_row(folder, tmp_path):
    workspace = Workspace.init(tmp_path / "workspace")
    files = Files(*([folder / f"{name}.csv"] for name in ("items", "events", "facts")), [])
    summary = workspace.ingest(
        files.records(workspace.config, rejects_file(workspace.directory, "raise"))
    )
    rows = [len(pl.read_csv(folder / name)) for name in FILES]
    assert [summary.items, summary.events, summary.facts] == rows
    workspace.close()


def test_columns_and_texts_say_what_facts_state(folder):
    items, facts = pl.read_csv(folder / "items.csv"), pl.read_csv(folder / "facts.csv")
    names = facts.filter(pl.col("literal")).select("head", name="tail")
    assert names["head"].n_unique() == len(names)
    for relation in ("category", "brand"):
        stated = (
            facts.filter(pl.col("relation") == relation, pl.col("head").str.starts_with("item:"))
            .select(pl.col("head").str.strip_prefix("item:").alias("item_id"), "tail")
            .join(names, left_on="tail", right_on="head")
        )
        both = items.join(stated, on="item_id")
        assert len(both) == ITEMS
        assert (both[relation] == both["name"]).all()
    assert items.select(pl.col("text").str.contains(pl.col("category"), literal=True).all()).item()
    assert items["text"].n_unique() > 0.95 * ITEMS
    assert items["title"].n_unique() > 0.99 * ITEMS
    assert items["price"].min() > 0
    assert 0.9 < items["in_stock"].mean() < 0.96


def test_items_of_one_community_share_words_and_brands_more_often_than_by_chance(folder):
    items = pl.read_csv(folder / "items.csv")
    communities = World.of(EVENTS_PER_ITEM * ITEMS, 1, SHOP).communities
    quality = items["text"].str.extract(r"^(?:A|This) (\w+) ").alias("quality")
    for column in (items["brand"], quality):
        frame = pl.DataFrame({"value": column, "community": communities}).drop_nulls()
        pairs = frame.group_by("community", "value").len()
        within = _same(pairs["len"]) / _same(frame.group_by("community").len()["len"])
        anywhere = _same(frame.group_by("value").len()["len"]) / _same(pl.Series([len(frame)]))
        assert within > 2 * anywhere


def _same(counts: pl.Series) -> float:
    """How many pairs there are within groups of these sizes."""
    return float((counts * (counts - 1)).sum())


def test_times_rise_and_no_user_does_the_same_twice(folder):
    events = pl.read_csv(folder / "events.csv")
    assert events["timestamp"].is_sorted()
    assert events.select("user_id", "item_id").is_unique().all()
