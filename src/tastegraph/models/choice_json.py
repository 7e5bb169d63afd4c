"""Every setting that was chosen, to and from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tastegraph.models.behaviour import FILTERS
from tastegraph.models.graph_network.parameters import NetworkSettings
from tastegraph.models.learned import Compared, Hyperparameters
from tastegraph.models.mapping import Target
from tastegraph.profiles.attention import Recency


def hyperparameters_to_json(hyperparameters: Hyperparameters) -> dict[str, Any]:
    """What :func:`hyperparameters_from_json` reads."""
    return {
        "filter": {"name": type(hyperparameters.filter).__name__, **asdict(hyperparameters.filter)},
        "attention": {
            part: {"half_life": recency.half_life, "against": recency.against}
            for part, recency in hyperparameters.attention.items()
        },
        "targets": {
            part: {"rank": target.rank, "regularisation": target.regularisation}
            for part, target in hyperparameters.targets.items()
        },
        "network": hyperparameters.network.to_json(),
        "weights": hyperparameters.weights,
        "cold": hyperparameters.cold,
        "valid": hyperparameters.valid,
        "recent": hyperparameters.recent,
        "compared": [asdict(row) for row in hyperparameters.compared],
    }


def hyperparameters_from_json(values: Mapping[str, Any]) -> Hyperparameters:
    """The choice that :func:`hyperparameters_to_json` told."""
    attention = {part: Recency(**recency) for part, recency in values["attention"].items()}
    targets = {part: Target(**target) for part, target in values["targets"].items()}
    name, settings = (told := dict(values["filter"])).pop("name"), told
    return Hyperparameters(
        **{
            **values,
            "filter": FILTERS[name](**settings),
            "network": NetworkSettings(**values["network"]),
            "attention": attention,
            "targets": targets,
            "compared": tuple(Compared(**row) for row in values["compared"]),
        }
    )
