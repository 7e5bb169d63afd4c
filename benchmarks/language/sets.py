"""The data sets of the language model's benchmarks, split 60 : 20 : 20.

* ``ml1m``: films with DBpedia abstracts; two published DBpedia graphs; the published split in time.
* ``ml100k``: films with plots; Freebase, DBpedia and credits; each user's events in time order.
* ``amazon_beauty``: products with a title alone; brand and category.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.published.sets import amazon_beauty as published_beauty
from benchmarks.published.sets import ml1m as published_ml1m
from benchmarks.published.sets import ml100k as published_ml100k
from benchmarks.published.sets.cold_items import SPLIT
from benchmarks.published.sets.set import BenchmarkDataset

__all__ = ["COLD_ONLY_SETS", "SETS", "BenchmarkDataset", "ml1m"]


def ml1m(data: Path) -> BenchmarkDataset:
    """MovieLens-1M, the films in PEARLM's split."""
    return replace(published_ml1m.ml1m_pearlm(data), name="ml1m")


def ml1m_without_wiki_links(data: Path) -> BenchmarkDataset:
    """The same without the links between DBpedia's pages, which reveal popularity."""
    dataset = published_ml1m.ml1m_pearlm(data, wiki_links=False)
    return replace(dataset, name="ml1m_without_wiki_links")


def ml100k(data: Path) -> BenchmarkDataset:
    """MovieLens-100K."""
    return published_ml100k.ml100k(data, SPLIT)


def amazon_beauty(data: Path) -> BenchmarkDataset:
    """Amazon's Beauty."""
    return replace(published_beauty.amazon_beauty(data, SPLIT), name="amazon_beauty")


SETS: dict[str, Callable[[Path], BenchmarkDataset]] = {
    "ml1m": ml1m,
    "ml100k": ml100k,
    "amazon_beauty": amazon_beauty,
}
COLD_ONLY_SETS: dict[str, Callable[[Path], BenchmarkDataset]] = {
    "ml1m_without_wiki_links": ml1m_without_wiki_links
}
"""Measured on cold items alone, and not fine-tuned on."""
