"""Reads policies over the catalogue as it is now; what filters met is held for later requests."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import numpy as np

from tastegraph.core.arrays import Bools
from tastegraph.core.config import Config, SurfaceConfig
from tastegraph.core.config.experiments import named_snapshots
from tastegraph.core.errors import ConfigError, FilterError, SnapshotError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.filters.current import CurrentFields
from tastegraph.filters.notes import notes_on
from tastegraph.filters.parser import parse
from tastegraph.filters.syntax import FieldName, Filter, conjuncts
from tastegraph.serving.answers import FilterReport
from tastegraph.serving.policies.policy import ListPolicy
from tastegraph.serving.policies.rules import ListRules, tiers_of
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.store.database import Database

CACHED_BYTES = 64_000_000
"""Bytes of the masks of filters that are held for later requests."""
DAY = 86_400.0


@dataclass(frozen=True)
class PolicyClause:
    """A condition that a policy makes; an item that does not meet it is left out.

    Attributes:
        source: the filter of the request, that of the surface, or a maximum age.
        tree: the condition.
        gives_way: whether it does where a list would be too short.
    """

    source: Literal["filter", "surface_filter", "max_age"]
    tree: Filter
    gives_way: bool = False


@dataclass(frozen=True)
class CompiledFilter:
    """A filter on one state of the catalogue.

    Attributes:
        mask: bool[I], the items that meet it; never changed.
        notes: what a reader should know of it.
    """

    mask: Bools
    notes: Sequence[Message]


class PolicyReader:
    """Reads policies over the catalogue as it is now; thread-safe.

    Args:
        database: has the attributes of items.
        config: says which columns state facts.
    """

    def __init__(self, database: Database, config: Config) -> None:
        self._database, self._config = database, config
        check_surfaces(config.surfaces)
        self._lock = threading.Lock()
        # Those in service, and one more: that before a promotion, or of a list that is replayed.
        self._n_snapshots = 2 + len(named_snapshots(config.experiments))
        self._fields: OrderedDict[str, CurrentFields] = OrderedDict()
        self._filters: OrderedDict[tuple[str, int, str], CompiledFilter] = OrderedDict()

    def fields(self, snapshot: ServingSnapshot) -> CurrentFields:
        """What filters compare now.

        Raises:
            SnapshotError: the snapshot was made without.
        """
        if snapshot.fields is None:
            raise SnapshotError(Message("snapshot.no_filters", version=snapshot.version))
        with self._lock:
            fields = self._fields.pop(snapshot.version, snapshot.fields)
            with self._database.reading() as connection:
                fields = fields.current(connection, snapshot.item_rows, self._config.items.facts)
            self._fields[snapshot.version] = fields
            while len(self._fields) > self._n_snapshots:
                self._fields.popitem(last=False)
        return fields

    def rules(
        self, snapshot: ServingSnapshot, policy: ListPolicy, now: float, language: Language
    ) -> ListRules | None:
        """A policy on the items of a snapshot; ``None`` where it asks for nothing.

        Raises:
            FilterError: a filter is none, or does not fit the catalogue.
            SnapshotError: the snapshot was made without what filters compare.
        """
        if policy.is_plain:
            return None
        fields = self.fields(snapshot)

        def mask_of(name: str, text: str) -> Bools:
            try:
                return self._compiled(snapshot, fields, text).mask
            except FilterError as error:
                raise error.of(name) from None

        report, required = None, None
        if policy.filter is not None:
            compiled = self._compiled(snapshot, fields, policy.filter)
            required = compiled.mask
            notes = tuple(note.text(language) for note in compiled.notes)
            report = FilterReport(matching=int(required.sum()), notes=notes)
        parts: dict[str, Bools] = {}
        if policy.surface_filter is not None:
            parts["filter"] = mask_of(f"surfaces.{policy.surface}", policy.surface_filter)
        if policy.max_age:
            parts["max_age"] = self._young(snapshot, fields, policy.max_age, now)
        for name in policy.max_per:
            self._require(fields, "max_per", f"has {FieldName(name)}")
        pins = {
            pin.place: row
            for pin in reversed(policy.pins)
            if (row := snapshot.item_rows.get(pin.item_id)) is not None
            and (required is None or required[row])
        }
        return ListRules(
            policy=policy,
            fields=fields,
            tiers=tiers_of(required, parts, policy),
            boosts=[
                (boost, mask_of(f"boosts[{place}]", boost.filter))
                for place, boost in enumerate(policy.boosts)
            ],
            pins=pins,
            report=report,
        )

    def _young(
        self,
        snapshot: ServingSnapshot,
        fields: CurrentFields,
        days: Mapping[str, float],
        now: float,
    ) -> Bools:
        mask = np.ones(snapshot.model.n_items, dtype=np.bool_)
        for name, age in days.items():
            tree = self._at_most_so_old(fields, name, age, now)
            mask &= fields.matching(tree, snapshot.model.n_items)
        return mask

    def _at_most_so_old(self, fields: CurrentFields, name: str, days: float, now: float) -> Filter:
        moment = datetime.fromtimestamp(max(now - days * DAY, 0), UTC)
        text = f"{FieldName(name)} >= {moment:%Y-%m-%dT%H:%M:%S}Z"
        return self._require(fields, "max_age", text)

    def clauses(
        self, snapshot: ServingSnapshot, policy: ListPolicy, now: float
    ) -> list[PolicyClause]:
        """Every condition of a policy that :meth:`rules` has read; together they are its filters.

        Raises:
            FilterError, SnapshotError: as :meth:`rules`.
        """
        if policy.filter is None and policy.surface_filter is None and not policy.max_age:
            return []
        fields = self.fields(snapshot)
        clauses = []
        if policy.filter is not None:
            clauses += [PolicyClause("filter", t) for t in conjuncts(fields.read(policy.filter))]
        if policy.surface_filter is not None:
            tree, gives_way = fields.read(policy.surface_filter), "filter" in policy.relax
            clauses += [PolicyClause("surface_filter", t, gives_way) for t in conjuncts(tree)]
        for name, days in policy.max_age.items():
            tree = self._at_most_so_old(fields, name, days, now)
            clauses.append(PolicyClause("max_age", tree, "max_age" in policy.relax))
        return clauses

    def _require(self, fields: CurrentFields, name: str, text: str) -> Filter:
        try:
            return fields.read(text)
        except FilterError as error:
            raise error.of(name) from None

    def _compiled(
        self, snapshot: ServingSnapshot, fields: CurrentFields, text: str
    ) -> CompiledFilter:
        key = (snapshot.version, fields.revision, text)
        with self._lock:
            if key in self._filters:
                self._filters.move_to_end(key)
                return self._filters[key]
        tree = fields.read(text)
        mask = fields.matching(tree, snapshot.model.n_items)
        compiled = CompiledFilter(mask, notes_on(tree, fields.check))
        with self._lock:
            self._filters[key] = compiled
            while len(self._filters) * mask.nbytes > CACHED_BYTES:
                self._filters.popitem(last=False)
        return compiled


def check_surfaces(surfaces: Mapping[str, SurfaceConfig]) -> None:
    """Check that the filters of surfaces can be read; whether they fit is said when they are used.

    Raises:
        ConfigError: one cannot.
    """
    for name, surface in surfaces.items():
        boosts = {f"boosts[{place}]": boost.filter for place, boost in enumerate(surface.boosts)}
        for key, text in {"filter": surface.filter, **boosts}.items():
            try:
                if text is not None:
                    parse(text)
            except FilterError as error:
                raise ConfigError(f"surfaces.{name}.{key}: {error}") from None
