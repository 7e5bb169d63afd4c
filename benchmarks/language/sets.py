"""The sets that texts are measured on, as the benchmark suite reads them, split 60 : 20 : 20.

* ``ml1m``: films with DBpedia abstracts; two published DBpedia graphs; the published split in time.
* ``ml100k``: films with plots; Freebase, DBpedia and credits; each person's events in time order.
* ``amazon_beauty``: products with a title alone; brand and category.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.published.sets import amazon_beauty as beauty
from benchmarks.published.sets import ml1m as films
from benchmarks.published.sets import ml100k as fewer_films
from benchmarks.published.sets.set import BenchmarkDataset
from tastegraph.core.config import EvaluationConfig

__all__ = ["MORE", "SETS", "BenchmarkDataset", "ml1m"]

SPLIT = EvaluationConfig(split="user-temporal", fractions=(0.6, 0.2, 0.2))
"""Where none was published: the shares of the set that has one."""


def ml1m(data: Path) -> BenchmarkDataset:
    """MovieLens-1M, the films that PEARLM's split has."""
    return replace(films.ml1m_pearlm(data), name="ml1m")


def ml1m_without_wiki_links(data: Path) -> BenchmarkDataset:
    """The same without the links between DBpedia's pages, which leak fame."""
    return replace(films.ml1m_pearlm(data, wiki_links=False), name="ml1m_without_wiki_links")


def ml100k(data: Path) -> BenchmarkDataset:
    """MovieLens-100K."""
    return fewer_films.ml100k(data, SPLIT)


def amazon_beauty(data: Path) -> BenchmarkDataset:
    """Amazon's Beauty."""
    return replace(beauty.amazon_beauty(data, SPLIT), name="amazon_beauty")


SETS: dict[str, Callable[[Path], BenchmarkDataset]] = {
    "ml1m": ml1m,
    "ml100k": ml100k,
    "amazon_beauty": amazon_beauty,
}
MORE: dict[str, Callable[[Path], BenchmarkDataset]] = {
    "ml1m_without_wiki_links": ml1m_without_wiki_links
}
"""Measured on cold items alone, and not taught on."""
