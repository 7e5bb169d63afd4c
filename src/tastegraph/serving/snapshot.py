"""A snapshot opened for answering: the model, the names, the texts and the words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import Config
from tastegraph.core.errors import NotFoundError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.core.records import ENTITY, ITEM, Event, is_entity
from tastegraph.explain.verbalizer import NodeNames, Verbalizer
from tastegraph.explain.wording import SentenceTemplates, sentence_templates
from tastegraph.models.fitted_config import FittedConfig
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.persistence import (
    associations_from,
    model_from,
    other_rows_from,
    relation_weights_from,
    ties_from,
)
from tastegraph.profiles.association import Associations
from tastegraph.serving.answers import HistoryEvent
from tastegraph.serving.listable import ListableItems
from tastegraph.serving.texts import SnapshotTexts
from tastegraph.store.availability import Restriction
from tastegraph.store.snapshots import Snapshot

ERASED = "erased"
"""The name of an erased item, on paths of a snapshot that still has it."""


@dataclass(frozen=True)
class ServingSnapshot:
    """Everything that one snapshot needs to rank and explain; never changes.

    Attributes:
        version: of the snapshot.
        model_version, graph_version: which snapshot each was built for.
        model: ranks.
        associations: items × features that facts state; items are ranked by them.
        profile_associations: the same and those to features that texts are near to.
        relation_weights: float32[2R], how much facts of each relation and direction say about who
            likes what.
        texts: vectors of the items' texts.
        item_rows: item id → row.
        entity_rows: entity id → row, of the entities that events are on.
        names: of the nodes; those of erased items are hidden.
        templates: sentences by language.
        fitted_config: the configuration that it was made with.
        changes: number of changes of the store's knowledge when it was made.
        erased_items: number of items that had been erased by then, or are hidden since.
        listable: which items may be listed.
    """

    version: str
    model_version: str
    graph_version: str
    model: HybridModel
    associations: Associations
    profile_associations: Associations
    relation_weights: NDArray[np.float32]
    texts: SnapshotTexts
    item_rows: Mapping[str, int]
    entity_rows: Mapping[str, int]
    names: NodeNames
    templates: Mapping[Language, SentenceTemplates]
    fitted_config: FittedConfig
    changes: int
    erased_items: int
    listable: ListableItems

    @classmethod
    def open(cls, snapshot: Snapshot, config: Config) -> ServingSnapshot:
        """Map a snapshot; ``config`` has words for relations and events."""
        item_ids, labels = snapshot.strings("graph.items"), snapshot.strings("graph.labels")
        # An item without a title is called by its id.
        labels[: len(item_ids)] = [
            label or name.removeprefix(ENTITY)
            for label, name in zip(labels, item_ids, strict=False)
        ]
        associations, weights = associations_from(snapshot), relation_weights_from(snapshot)
        rows = {**{name: row for row, name in enumerate(item_ids)}, **other_rows_from(snapshot)}
        return cls(
            version=snapshot.version,
            model_version=snapshot.manifest["model"] or snapshot.version,
            graph_version=snapshot.manifest["graph"] or snapshot.version,
            model=model_from(snapshot).with_nodes(associations, weights),
            associations=associations,
            profile_associations=ties_from(snapshot, associations),
            relation_weights=weights,
            texts=SnapshotTexts.open(snapshot, associations),
            item_rows={name: row for name, row in rows.items() if not is_entity(name)},
            entity_rows={
                name.removeprefix(ENTITY): row for name, row in rows.items() if is_entity(name)
            },
            names=NodeNames(
                item_ids=item_ids,
                node_ids=snapshot.strings("graph.nodes"),
                labels=labels,
                relations=snapshot.strings("graph.relations"),
                hidden=np.zeros(0, dtype=np.int64),
            ),
            templates=sentence_templates(config),
            fitted_config=FittedConfig.of(snapshot.manifest),
            changes=int(snapshot.manifest["changes"]),
            erased_items=int(snapshot.manifest["items_erased"]),
            listable=ListableItems.all_items(),
        )

    @cached_property
    def verbalizer(self) -> Verbalizer:
        """Puts reasons and interests into words."""
        return Verbalizer(self.model, self.associations, self.names, self.templates)

    @cached_property
    def _node_rows(self) -> Mapping[str, int]:
        """Entity id → node, of the entities behind the rows that an item is tied to."""
        n_rows, nodes = len(self.names.item_ids), np.unique(self.associations.node)
        return {self.names.public_id(node): node for node in nodes[nodes >= n_rows].tolist()}

    def row_of(self, object_id: str) -> int | None:
        """The row of what an event is on; ``None`` where nothing is known of that.

        An entity that no event was on when the snapshot was made has the number of its node.

        Args:
            object_id: :attr:`~tastegraph.core.records.Event.object_id`.
        """
        if not is_entity(object_id):
            return self.item_rows.get(object_id)
        entity_id = object_id.removeprefix(ENTITY)
        if entity_id.startswith(ITEM):
            return self.item_rows.get(entity_id.removeprefix(ITEM))
        row = self.entity_rows.get(entity_id)
        row = self._node_rows.get(entity_id) if row is None else row
        return None if row is None or row in self.names.hidden else row

    def listed_rows(self, object_ids: Iterable[str]) -> list[int]:
        """Rows of the items among what events are on; an entity may be an item as well."""
        rows = (self.row_of(name) for name in object_ids)
        return [row for row in rows if row is not None and row < self.model.n_listed]

    def history_event(self, event: Event, language: Language) -> HistoryEvent:
        """An event in words, with the name of what it is on, or its id where that is not known."""
        meaning, row = self.fitted_config.meaning, self.row_of(event.object_id)
        return HistoryEvent(
            item_id=event.item_id,
            entity=event.entity_id or None,
            title=event.item_id or event.entity_id if row is None else self.names.event_title(row),
            type=meaning.read(event).type,
            did=self.verbalizer.event(meaning.read(event), language),
            value=event.value,
            timestamp=event.timestamp,
            counts=meaning.weight_of(event),
        )

    def row(self, item_id: str) -> int:
        """The row of an item.

        Raises:
            NotFoundError: the snapshot does not know the item.
        """
        if item_id not in self.item_rows:
            raise NotFoundError(Message("missing.item", item=item_id))
        return self.item_rows[item_id]

    def title(self, item_id: str) -> str:
        """The title of an item, or its id where the snapshot does not know the item."""
        row = self.item_rows.get(item_id)
        return item_id if row is None else self.names.labels[row]

    def without_items(self, rows: Sequence[int], erased_items: int) -> ServingSnapshot:
        """The same after ``erased_items`` items were erased, the last of which are in ``rows``."""
        hidden = set(rows)
        return replace(
            self,
            item_rows={name: row for name, row in self.item_rows.items() if row not in hidden},
            names=self.names.without_items(hidden, ERASED),
            erased_items=erased_items,
        )

    def with_restrictions(
        self, restrictions: Iterable[Restriction], revision: int
    ) -> ServingSnapshot:
        """The same where items may be listed as the store says at this ``revision``."""
        entities = np.arange(self.model.n_listed, self.model.n_items)
        erased = np.concatenate([self.names.hidden, entities])
        listable = ListableItems.of(restrictions, revision, self.item_rows, erased)
        return replace(self, listable=listable)
