"""The policy of one list: what a request asks for, over what its surface is configured to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from tastegraph.core.config import Boost, Pin, SurfaceConfig
from tastegraph.core.config.surfaces import Relaxable
from tastegraph.core.errors import NotFoundError
from tastegraph.core.messages import Message


@dataclass(frozen=True)
class PolicyOptions:
    """What a request says of the policy of its list; as of :class:`SurfaceConfig`.

    Attributes:
        surface: name of a configured one, whose settings hold where these say nothing.
    """

    surface: str | None = None
    filter: str | None = None
    max_age: Mapping[str, float] = field(default_factory=dict)
    max_per: Mapping[str, int] = field(default_factory=dict)
    boosts: Sequence[Boost] = ()
    pins: Sequence[Pin] = ()
    diversity: float | None = None
    relax: Sequence[Relaxable] = ()


NO_OPTIONS = PolicyOptions()


class ListPolicy(BaseModel):
    """The policy of one list; stored with it, so that the list can be replayed.

    Attributes:
        surface: that it is for.
        filter: of the request, which never gives way.
        surface_filter: of the surface.
        max_age: attribute → days.
        max_per: attribute or relation → items of one value.
        boosts, pins, diversity, relax: as of :class:`SurfaceConfig`.
    """

    model_config = ConfigDict(frozen=True)

    surface: str | None = None
    filter: str | None = None
    surface_filter: str | None = None
    max_age: dict[str, float] = {}
    max_per: dict[str, int] = {}
    boosts: tuple[Boost, ...] = ()
    pins: tuple[Pin, ...] = ()
    diversity: float = 0.0
    relax: tuple[Relaxable, ...] = ()

    @classmethod
    def of(cls, options: PolicyOptions, surfaces: Mapping[str, SurfaceConfig]) -> ListPolicy:
        """What a request says, over its surface: limits by name, boosts and pins besides.

        Raises:
            NotFoundError: there is no such surface.
        """
        surface = surface_of(options.surface, surfaces)
        diversity = surface.diversity if options.diversity is None else options.diversity
        pinned = {pin.item_id for pin in options.pins}
        return cls(
            surface=options.surface,
            filter=options.filter,
            surface_filter=surface.filter,
            max_age={**surface.max_age, **options.max_age},
            max_per={**surface.max_per, **options.max_per},
            boosts=(*surface.boosts, *options.boosts),
            pins=(*options.pins, *(pin for pin in surface.pins if pin.item_id not in pinned)),
            diversity=diversity or 0.0,
            relax=tuple(options.relax) or surface.relax,
        )

    @property
    def is_plain(self) -> bool:
        """Whether it asks for nothing."""
        return self.model_copy(update={"surface": None}) == ListPolicy()


def surface_of(name: str | None, surfaces: Mapping[str, SurfaceConfig]) -> SurfaceConfig:
    """A configured surface; without a name one without settings.

    Raises:
        NotFoundError: there is none of this name.
    """
    if name is None:
        return SurfaceConfig()
    if name not in surfaces:
        raise NotFoundError(Message("missing.surface", name=name, names=sorted(surfaces) or ["–"]))
    return surfaces[name]
