"""Every setting that was chosen, to and from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tastegraph.models.behaviour import FILTERS
from tastegraph.models.learned import Choice, Compared, NetworkSettings
from tastegraph.models.mapping import Target
from tastegraph.profiles.attention import Recency


def choice_to_json(choice: Choice) -> dict[str, Any]:
    """What :func:`choice_from_json` reads."""
    return {
        "filter": {"name": type(choice.filter).__name__, **asdict(choice.filter)},
        "attention": {
            part: {"half_life": recency.half_life, "against": recency.against}
            for part, recency in choice.attention.items()
        },
        "targets": {
            part: {"rank": target.rank, "regularisation": target.regularisation}
            for part, target in choice.targets.items()
        },
        "network": asdict(choice.network),
        "weights": choice.weights,
        "cold": choice.cold,
        "valid": choice.valid,
        "recent": choice.recent,
        "compared": [asdict(row) for row in choice.compared],
    }


def choice_from_json(values: Mapping[str, Any]) -> Choice:
    """The choice that :func:`choice_to_json` told."""
    attention = {part: Recency(**recency) for part, recency in values["attention"].items()}
    targets = {part: Target(**target) for part, target in values["targets"].items()}
    name, settings = (told := dict(values["filter"])).pop("name"), told
    return Choice(
        **{
            **values,
            "filter": FILTERS[name](**settings),
            "network": NetworkSettings(**values["network"]),
            "attention": attention,
            "targets": targets,
            "compared": tuple(Compared(**row) for row in values["compared"]),
        }
    )
