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
from tastegraph.core.strings import MappedStrings
from tastegraph.explain.node_names import NodeNames
from tastegraph.explain.verbalizer import Verbalizer
from tastegraph.explain.wording import SentenceTemplates, sentence_templates
from tastegraph.filters.current import CurrentFields
from tastegraph.models.fitted_config import FittedConfig
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.persistence import (
    associations_from,
    model_from,
    relation_weights_from,
    ties_from,
)
from tastegraph.profiles.association import Associations
from tastegraph.serving.answers import HistoryEvent
from tastegraph.serving.snapshot.item_rows import ItemRows
from tastegraph.serving.snapshot.listable import ListableItems
from tastegraph.serving.snapshot.texts import SnapshotTexts
from tastegraph.store.availability import Restriction
from tastegraph.store.snapshots import Snapshot


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
        item_rows: item id → row, of the items that are not hidden.
        other_ids: what else events are on: entities by a name that no row has.
        other_rows: int64[n], the row of each of ``other_ids``.
        names: of the nodes; those of erased items are hidden.
        templates: sentences by language.
        fitted_config: the configuration that it was made with.
        changes: number of changes of the store's knowledge when it was made.
        erased_items: number of items that had been erased by then, or are hidden since.
        listable: which items may be listed.
        fields: what filters compare; ``None`` where it was made without.
    """

    version: str
    model_version: str
    graph_version: str
    model: HybridModel
    associations: Associations
    profile_associations: Associations
    relation_weights: NDArray[np.float32]
    texts: SnapshotTexts
    item_rows: ItemRows
    other_ids: MappedStrings
    other_rows: NDArray[np.int64]
    names: NodeNames
    templates: Mapping[Language, SentenceTemplates]
    fitted_config: FittedConfig
    changes: int
    erased_items: int
    listable: ListableItems
    fields: CurrentFields | None = None

    @classmethod
    def open(cls, snapshot: Snapshot, config: Config) -> ServingSnapshot:
        """Map a snapshot; ``config`` has words for relations and events."""
        item_ids, node_ids = snapshot.strings("graph.items"), snapshot.strings("graph.nodes")
        associations, weights = associations_from(snapshot), relation_weights_from(snapshot)
        n_listed = int(snapshot.manifest["counts"]["items"])
        return cls(
            version=snapshot.version,
            model_version=snapshot.manifest["model"] or snapshot.version,
            graph_version=snapshot.manifest["graph"] or snapshot.version,
            model=model_from(snapshot).with_nodes(associations, weights),
            associations=associations,
            profile_associations=ties_from(snapshot),
            relation_weights=weights,
            texts=SnapshotTexts.open(snapshot, associations),
            item_rows=ItemRows(item_ids, n_listed),
            other_ids=snapshot.strings("graph.others"),
            other_rows=snapshot.arrays["graph.other_rows"],
            names=NodeNames(
                item_ids=item_ids,
                node_ids=node_ids,
                labels=snapshot.strings("graph.labels"),
                relations=list(snapshot.strings("graph.relations")),
            ),
            templates=sentence_templates(config),
            fitted_config=FittedConfig.of(snapshot.manifest),
            changes=int(snapshot.manifest["changes"]),
            erased_items=int(snapshot.manifest["items_erased"]),
            listable=ListableItems.all_items(),
            fields=CurrentFields.open(snapshot),
        )

    @cached_property
    def verbalizer(self) -> Verbalizer:
        """Puts reasons and interests into words."""
        return Verbalizer(self.model, self.associations, self.names, self.templates)

    def row_of(self, object_id: str) -> int | None:
        """The row of what an event is on; ``None`` where nothing is known of that.

        An entity that no event was on when the snapshot was made has the number of its node.

        Args:
            object_id: :attr:`~tastegraph.core.records.Event.object_id`.
        """
        if not is_entity(object_id):
            return self.item_rows.get(object_id)
        return self.row_of_entity(object_id.removeprefix(ENTITY))

    def row_of_entity(self, entity_id: str) -> int | None:
        """The row or node of an entity by its id in the facts; ``None`` where it is not known."""
        object_id = ENTITY + entity_id
        if entity_id.startswith(ITEM):
            return self.item_rows.get(entity_id.removeprefix(ITEM))
        row = self.item_rows.ids.row(object_id)
        if row is None and (other := self.other_ids.row(object_id)) is not None:
            row = int(self.other_rows[other])
        row = self._node_of(entity_id) if row is None else row
        return None if row is None or row in self.names.hidden else row

    def _node_of(self, entity_id: str) -> int | None:
        """The node of an entity behind the rows, where an item is tied to it."""
        node = self.names.node_ids.row(entity_id)
        if node is None or not self.associations.is_tied(node):
            return None
        return node + self.model.n_items

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
        row = self.item_rows.get(item_id)
        if row is None:
            raise NotFoundError(Message("missing.item", item=item_id))
        return row

    def title(self, item_id: str) -> str:
        """The title of an item, or its id where the snapshot does not know the item."""
        row = self.item_rows.get(item_id)
        return item_id if row is None else self.names.title(row)

    def without_items(self, rows: Sequence[int], erased_items: int) -> ServingSnapshot:
        """The same after ``erased_items`` items were erased, the last of which are in ``rows``."""
        return replace(
            self,
            item_rows=self.item_rows.without(rows),
            names=self.names.without_items(rows),
            erased_items=erased_items,
        )

    def with_restrictions(
        self, restrictions: Iterable[Restriction], revision: int
    ) -> ServingSnapshot:
        """The same where items may be listed as the store says at this ``revision``."""
        entities = np.arange(self.model.n_listed, self.model.n_items)
        hidden = np.array(sorted(self.names.hidden), dtype=np.int64)
        erased = np.concatenate([hidden, entities])
        listable = ListableItems.of(restrictions, revision, self.item_rows, erased)
        return replace(self, listable=listable)
