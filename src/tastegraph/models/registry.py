"""All components, in the order in which their shares of a score are summed.

A component that is listed here is tuned, blended, explained, saved and served.
"""

from __future__ import annotations

from collections.abc import Mapping

from tastegraph.models.base import Component
from tastegraph.models.behaviour import Behaviour
from tastegraph.models.graph_network.component import GraphNetworkComponent
from tastegraph.models.knowledge import Knowledge
from tastegraph.models.mapped import MappedKnowledge, MappedText
from tastegraph.models.popularity import Popularity, RecentPopularity
from tastegraph.models.text import Text
from tastegraph.models.text_tower import TextTower

COMPONENTS: list[type[Component]] = [
    Behaviour,
    GraphNetworkComponent,
    Knowledge,
    MappedKnowledge,
    Text,
    MappedText,
    TextTower,
    Popularity,
    RecentPopularity,
]


def by_name() -> Mapping[str, type[Component]]:
    """Name → component."""
    return {component.name: component for component in COMPONENTS}


def learns(component: type[Component]) -> bool:
    """Whether ``component`` learns anything from events that a snapshot must hold."""
    return component.learn.__func__ is not Component.learn.__func__  # type: ignore[attr-defined]


def tunes_itself(component: type[Component]) -> bool:
    """Whether a search of its own chooses the parameters of ``component``."""
    return component.tune.__func__ is not Component.tune.__func__  # type: ignore[attr-defined]
