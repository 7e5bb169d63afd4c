"""From a workspace's store to a snapshot in service, all stages or some."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from tastegraph.core.config import Config
from tastegraph.core.errors import BusyError, SnapshotError, TastegraphError
from tastegraph.core.progress import say
from tastegraph.core.records import Fact
from tastegraph.kg.from_store import graph_from_store, item_ids
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.artefacts import fitted_model_from, item_features_from, to_arrays
from tastegraph.models.fit import assemble
from tastegraph.models.fitted_config import LEARNED, FittedConfig
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.learned import FittedModel, ItemFeatures
from tastegraph.pipeline import teach
from tastegraph.pipeline.content import carried_over, encoded, interactions_from_store
from tastegraph.pipeline.counting import check_counting
from tastegraph.pipeline.inputs import STAGES, Stage, stamps
from tastegraph.pipeline.keeping import superseded
from tastegraph.pipeline.learn import learn
from tastegraph.pipeline.reader import MODELS, Reader, asked_for, told_before
from tastegraph.pipeline.served import export_for_serving
from tastegraph.pipeline.taught import prune
from tastegraph.pipeline.texts import Texts, material, texts_from_store
from tastegraph.pipeline.together import store_derived_facts, used
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import Interactions
from tastegraph.store import caches, erasure, revision
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.snapshots import Snapshot, Snapshots

KEPT_MODELS = 4
"""Taught models beside those that a snapshot needs: two builds, each pre-trained, then tuned."""

Told = Callable[[Sequence[str]], Interactions]
"""Events over items that are named."""


class State(NamedTuple):
    """Of what is known, when a graph was made of it.

    Attributes:
        changes: how often it had changed.
        items_erased: how many items had been erased.
    """

    changes: int
    items_erased: int

    @classmethod
    def of(cls, snapshot: Snapshot) -> State:
        """When the graph of ``snapshot`` was made."""
        return cls(*(int(snapshot.manifest[name]) for name in cls._fields))


@dataclass(frozen=True)
class Read:
    """What is known about items, read.

    Attributes:
        reader: what a manifest says of the language model.
        state: of what is known, when the graph was made.
        used: what use says of items in it; ``None`` where the graph was not made anew.
    """

    item_features: ItemFeatures
    reader: dict[str, Any]
    state: State
    used: Sequence[Fact] | None


@dataclass(frozen=True)
class Made:
    """What a snapshot is made of.

    Attributes:
        read: graph and texts.
        fitted: the configuration that each of the three was made with.
        known: the log's revision up to which the model was learned.
        erasures: how many people and items had been erased by then.
        gate: what was compared before it may be served; ``None`` for a build.
    """

    read: Read
    fitted_model: FittedModel
    model: HybridModel
    fitted: FittedConfig
    known: int
    erasures: int
    gate: dict[str, Any] | None = None


@dataclass(frozen=True)
class Builder:
    """Builds one workspace.

    Attributes:
        directory, config, database, snapshots: the workspace's.
    """

    directory: Path
    config: Config
    database: Database
    snapshots: Snapshots

    def build(self, stages: Collection[Stage], inputs: str) -> str:
        """Make ``stages`` anew, take the others from the snapshot in service, and publish.

        Text that the language model of before has read, since the network stays, is new only
        where that model is still the one that is asked for.

        Args:
            stages: some of :data:`STAGES`.
            inputs: fingerprint of what they are made from.

        Returns:
            The version now in service.

        Raises:
            NotFoundError: something that was not asked for has never been built.
            TastegraphError: the workspace is empty.
        """
        old = None if set(stages) == set(STAGES) else self.snapshots.open()
        if old is not None and State.of(old).items_erased != self._state().items_erased:
            stages = {*stages, "graph", "text"}
        kept = None if old is None or "model" in stages else old
        if kept is None:
            # Before anything is taught: who is erased meanwhile is forgotten by the next model.
            with self.database.reading() as connection:
                known, erasures = log.revision(connection), erasure.erasure_count(connection)
                meaning = EventMeaning.stored(connection, self.config.events, known)
                types = log.type_counts(connection, known)
        else:
            # What came since has not passed the gate yet.
            known, erasures = kept.manifest["learned_until"], kept.manifest["erasures"]
            meaning, types = self._stays(FittedConfig.of(kept.manifest)).meaning, {}

        def told(items: Sequence[str]) -> Interactions:
            return interactions_from_store(self.database, items, meaning, known)

        read = self.item_features(stages, old, told)
        item_features = read.item_features
        if not item_features.graph.n_items:
            raise TastegraphError(f"{self.directory} holds no items: run 'tastegraph import' first")
        events = told(item_features.graph.item_ids)
        if kept is None:
            check_counting(events, meaning, types)
            fitted_model = learn(item_features, events, self.config)
        else:
            fitted_model = fitted_model_from(kept).subset(item_features.graph.item_ids)
        model = assemble(item_features, events.user_items(), fitted_model)
        fitted = self.fitted(stages, old, read, meaning)
        made = Made(read, fitted_model, model, fitted, known, erasures)
        return self.publish(made, stages, inputs, old)

    def publish(
        self, found: Made, stages: Collection[Stage], inputs: str, old: Snapshot | None
    ) -> str:
        """Put what was made into service, and return its version.

        Args:
            found: what was made.
            stages: those that were made anew; the others are of ``old``.
            inputs: fingerprint of what they were made from.
            old: the snapshot in service.
        """
        read, learned_anew = found.read, old is None or "model" in stages
        manifest, arrays = to_arrays(read.item_features, found.fitted_model, found.model)
        manifest |= {
            "inputs": stamps(self._as_configured(stages, read), inputs, old),
            "seed": self.config.model.seed,
            "fitted": found.fitted.as_json(),
            **read.reader,
            **self._put_to_rest(read)._asdict(),
            "model": _carried(old, "model", made="model" in stages),
            "graph": _carried(old, "graph", made="graph" in stages),
            "learned_until": found.known,
            "erasures": found.erasures,
            "gate": found.gate if learned_anew or old is None else old.manifest["gate"],
        }
        export_for_serving(self.directory / read.reader["encoder_folder"])
        version = self.snapshots.publish(manifest, arrays)
        self.snapshots.prune(self._superseded(), self._remembers(found))
        prune(self.directory / MODELS, self._readers(), KEPT_MODELS)
        return version

    def fitted(
        self, stages: Collection[Stage], old: Snapshot | None, read: Read, meaning: EventMeaning
    ) -> FittedConfig:
        """What a snapshot is made with, of which ``stages`` are made anew and others of ``old``."""
        before = FittedConfig(self.config, meaning)
        if old is not None:
            before = FittedConfig.of(old.manifest)
        return before.with_stages(self._as_configured(stages, read), self.config, meaning)

    def _as_configured(self, stages: Collection[Stage], read: Read) -> set[Stage]:
        """Those of ``stages`` that are as the configuration says now."""
        made = set(stages)
        if read.reader["asked"] != asked_for(self.config):
            made.discard("text")
        return made

    def _stays(self, fitted: FittedConfig) -> FittedConfig:
        """``fitted``, the model's; where the file says something else now, that is said."""
        if changed := fitted.changes(self.config, LEARNED):
            say(
                f"the model stays as it was learned, before {', '.join(changed)} changed: "
                "'tastegraph build' learns it anew"
            )
        return fitted

    def item_features(self, stages: Collection[Stage], old: Snapshot | None, told: Told) -> Read:
        """Graph and texts, each made anew or taken from ``old``; and what read them.

        A network reads the vectors it was trained on: while it stays, so does the language model.

        Args:
            stages: those that are made anew.
            old: the snapshot in service.
            told: the events that may teach the language model and state facts.
        """
        before = None if old is None else item_features_from(old)
        state = State.of(old) if old is not None and "graph" not in stages else self._state()
        said: Sequence[Fact] | None = None
        if before is None or "graph" in stages:
            said = []
            if self.config.loop.support:
                items = item_ids(self.database)
                said = used(told(items), items, self.config)
            graph = graph_from_store(self.database, self.config, said)
        else:
            graph = before.graph
        if old is not None and before is not None and "text" not in stages:
            return Read(carried_over(before, graph), told_before(old), state, said)
        config = self.config
        texts = texts_from_store(self.database, graph, config, self.directory)
        if old is not None and before is not None and "model" not in stages:
            reader = Reader.before(old, config, self.directory)
            taught = before.taught
            if reader.asked != asked_for(config):
                say(
                    f"the texts are read by {reader.name} as before, which the network was trained "
                    "on: 'tastegraph build' has the model read them that is asked for now"
                )
        else:
            reader = self._taught(Reader.configured(config, self.directory), graph, texts, told)
            taught = "co-engagement" in config.teaching.lessons
        encoder = reader.encoder(self._cache)
        item_features = encoded(
            graph, texts, encoder, facts_in_text=config.text.facts, taught=taught
        )
        if self._holds_erased(state):
            encoder.keep_only([*texts.items, *texts.labels])
        return Read(item_features, reader.told(self.directory), state, said)

    def _put_to_rest(self, read: Read) -> State:
        """Let the store say what the graph says of use. Returns what is known with it."""
        if read.used is None:
            return read.state
        try:
            before, after = store_derived_facts(self.database, read.used)
        except BusyError:
            # It is there to be seen; the next build finds it missing.
            return read.state
        return read.state._replace(changes=after) if before == read.state.changes else read.state

    def _taught(self, reader: Reader, graph: KnowledgeGraph, texts: Texts, told: Told) -> Reader:
        """``reader`` after the lessons that are configured."""
        config = self.config
        if not config.teaching.lessons or not graph.n_items:
            return reader
        events = told(graph.item_ids)
        folder = teach.teach(
            reader.folder,
            material(texts, graph, events, config),
            config.teaching,
            config.model.seed,
            self.directory / MODELS,
            lambda model, asked: reader.taught(model).encoder(self._cache).encode(asked),
        )
        return reader.taught(folder)

    def _state(self) -> State:
        with self.database.reading() as connection:
            return State(revision.change_count(connection), erasure.erased_item_count(connection))

    def _holds_erased(self, state: State) -> bool:
        """Whether a snapshot is kept that was made before the last item was erased."""
        return any(told["items_erased"] < state.items_erased for told in self._manifests().values())

    def _superseded(self) -> set[str]:
        """The snapshots that need not stay; what cannot be read stays as long as any model."""
        told = self._manifests()
        of = {version: told.get(version, {}).get("model") for version in self.snapshots.versions()}
        models = {version: model or version for version, model in of.items()}
        return superseded(models, self.snapshots.current())

    def _remembers(self, found: Made) -> set[str]:
        """The snapshots that know a person or an item that was erased before ``found``."""
        return {
            version
            for version, told in self._manifests().items()
            if told["erasures"] < found.erasures
            or told["items_erased"] < found.read.state.items_erased
        }

    def _manifests(self) -> dict[str, dict[str, Any]]:
        """Of every snapshot that can be put into service."""
        found = {}
        for version in self.snapshots.versions():
            with suppress(SnapshotError):
                found[version] = self.snapshots.manifest(version)
        return found

    def _readers(self) -> set[str]:
        """The language models of all snapshots that can be put into service."""
        return {str(told["encoder"]) for told in self._manifests().values()}

    @cached_property
    def _cache(self) -> Database:
        return Database(self.directory / "vectors.db", caches.vector_metadata)


def _carried(old: Snapshot | None, what: str, *, made: bool) -> str | None:
    """The version that ``what`` was built for: ``None`` for the snapshot to come."""
    return None if made or old is None else old.manifest[what] or old.version
