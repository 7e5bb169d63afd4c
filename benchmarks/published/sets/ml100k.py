"""MovieLens-100K: films with plots; Freebase, DBpedia and credits; each user's ratings in time.

A rating of 4 or 5 is a like.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.published.sets.files import folder_of
from benchmarks.published.sets.set import BenchmarkDataset, assembled
from tastegraph.core.config import Config, EvaluationConfig, EventsConfig, RelationConfig
from tastegraph.data.public_datasets import PublicDataset

BY_TIME = EvaluationConfig(split="user-temporal", fractions=(0.8, 0.1, 0.1))


def ml100k(data: Path, evaluation: EvaluationConfig = BY_TIME) -> BenchmarkDataset:
    """The set, each user's likes split by ``evaluation``."""
    dataset = PublicDataset("ml-100k", folder_of(data, "ml100k"), announce=lambda _: None)
    columns = {name: c.model_dump(exclude_defaults=True) for name, c in dataset.columns.items()}
    config = Config.model_validate({"items": {"facts": columns}}).model_copy(
        update={
            "evaluation": evaluation,
            "events": EventsConfig(positive_rating=4.0),
            "relations": {name: RelationConfig(phrase=p) for name, p in dataset.relations.items()},
        }
    )
    return assembled("ml100k", list(dataset.items()), list(dataset.facts()),
                     list(dataset.links()), dataset.events(), config, "director")  # fmt: skip
