"""Amazon-book in KGAT's split (Wang et al., KDD 2019): ids alone, neither graph nor text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.published.sets.files import by_user, folder_of
from benchmarks.published.sets.set import GIVEN, BenchmarkDataset, assembled, with_validation
from tastegraph.core.config import Config
from tastegraph.core.records import Item


def amazon_book_kgat(data: Path, seed: int = 1) -> BenchmarkDataset:
    """The set; it has no validation part, one is cut from train by ``seed``."""
    folder = folder_of(data, "amazon_book_kgat") / "kgin"
    listed = (folder / "item_list.txt").read_text("utf-8").splitlines()[1:]
    items = [Item(line.split()[1], "") for line in listed]
    events = [
        event for part in ("train", "test") for event in by_user(folder / f"{part}.txt", part)
    ]
    dataset = assembled("amazon-book-kgat", items, [], [], events, Config(evaluation=GIVEN))
    return replace(dataset, parts=with_validation(dataset.parts, dataset.events, seed))
