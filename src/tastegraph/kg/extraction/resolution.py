"""Names that were read become entities: those of the graph, or new ones named after themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tastegraph.core.records import LABEL, Fact
from tastegraph.kg.linking.names import normalised

NAMED = "name:"
"""Prefix of the id of an entity of which only the name is known."""


def id_of(name: str) -> str:
    """The id of an entity of which only the name is known: all who bear it share it."""
    return NAMED + normalised(name)


class Resolution:
    """Finds the entity that a name means.

    A name that several bear means none of them: who is meant is for a linker to say.

    Args:
        names: entity id → its labels and aliases.
    """

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self._bearers: dict[str, set[str]] = {}
        for entity, told in names.items():
            for name in told:
                self._bearers.setdefault(normalised(name), set()).add(entity)
        self._new: dict[str, str] = {}

    def of(self, name: str) -> str | None:
        """The entity, known or new; ``None`` where the name is nobody's or several one's."""
        key = normalised(name)
        bearers = self._bearers.get(key, set())
        if len(bearers) == 1:
            return next(iter(bearers))
        if bearers or not key:
            return None
        self._new.setdefault(id_of(name), name)
        return id_of(name)

    def labels(self) -> Iterator[Fact]:
        """What the new entities are called."""
        for entity, name in self._new.items():
            yield Fact(entity, LABEL, name, literal=True)
