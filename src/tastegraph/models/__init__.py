"""Models: components that score items, their blend, and each as an estimator.

``tastegraph.models.EASE(regularization=250)`` and its like are recommenders of one component,
``tastegraph.models.Hybrid()`` of all; ``tastegraph.models.load(directory)`` opens a saved one. What
each name needs is imported when it is first used.
"""

from __future__ import annotations

from typing import Any

ESTIMATORS = (
    "Popularity", "RecentPopularity", "ItemKNN", "CoEngagement", "EASE", "Knowledge",
    "MappedKnowledge", "Text", "MappedText", "TextTower", "GraphNetwork",
)  # fmt: skip
"""Components that are estimators under these names."""


def __getattr__(name: str) -> Any:
    if name in ESTIMATORS:
        from tastegraph.models.estimators import estimator

        globals()[name] = estimator(name)
    elif name in ("Hybrid", "ComponentRecommender"):
        from tastegraph.models import estimators

        globals()[name] = getattr(estimators, name)
    elif name == "Dataset":
        from tastegraph.models.dataset import Dataset

        globals()[name] = Dataset
    elif name == "Recommender":
        from tastegraph.models.recommender import Recommender

        globals()[name] = Recommender
    elif name == "load":
        from tastegraph.models.saved import load

        globals()[name] = load
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals()[name]


def __dir__() -> list[str]:
    lazy = ("ComponentRecommender", "Dataset", "Hybrid", "Recommender", "load")
    return sorted([*globals(), *ESTIMATORS, *lazy])
