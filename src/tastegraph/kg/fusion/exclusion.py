"""Exclusion: which entities cannot be one, however alike their names are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tastegraph.kg.fusion.alignment import FEWEST
from tastegraph.kg.fusion.profiles import Profile
from tastegraph.kg.fusion.values import likeness, read
from tastegraph.kg.stats import FUNCTIONAL

DISTINCT = 0.95
LONGEST_IDENTIFIER = 32


class Exclusion:
    """What is known apart: by statement, or by an attribute of which a thing has only one.

    Such attributes are found in the data: nearly all that have one have a single value, which is
    a date, or an identifier (letters and digits, hardly ever shared).
    """

    def __init__(self, profiles: Sequence[Profile]) -> None:
        values: dict[str, list[tuple[str, ...]]] = {}
        for profile in profiles:
            for relation, found in profile.attributes.items():
                values.setdefault(relation, []).append(found)
        single = {
            relation: [found[0] for found in those]
            for relation, those in values.items()
            if len(those) >= FEWEST
            and sum(len(found) == 1 for found in those) >= FUNCTIONAL * len(those)
        }
        self._dates = [name for name, those in single.items() if _share(map(_is_date, those))]
        self._identifiers = [
            name
            for name, those in single.items()
            if len(set(those)) >= DISTINCT * len(those) and _share(map(_is_identifier, those))
        ]

    def __call__(self, one: Profile, other: Profile) -> bool:
        """Whether the two cannot be one."""
        return (
            other.id in one.different
            or one.id in other.different
            or any(self._dates_differ(one, other, name) for name in self._dates)
            or any(
                one.attributes[name] != other.attributes[name]
                for name in self._identifiers
                if name in one.attributes and name in other.attributes
            )
        )

    @staticmethod
    def _dates_differ(one: Profile, other: Profile, name: str) -> bool:
        ours, theirs = one.attributes.get(name, ()), other.attributes.get(name, ())
        alike = [likeness(read(a), read(b)) for a in ours for b in theirs]
        return bool(alike) and not max(alike)


def _share(holds: Iterable[bool]) -> bool:
    found = list(holds)
    return sum(found) >= FUNCTIONAL * len(found)


def _is_date(literal: str) -> bool:
    return read(literal).date


def _is_identifier(literal: str) -> bool:
    return (
        len(literal) <= LONGEST_IDENTIFIER
        and not any(c.isspace() for c in literal)
        and any(c.isdigit() for c in literal)
        and any(c.isalpha() for c in literal)
    )
