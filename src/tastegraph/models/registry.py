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
