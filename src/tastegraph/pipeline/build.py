"""Build a workspace: from the store to a published snapshot, all stages or some of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tastegraph.core.config import Config
from tastegraph.core.config.experiments import named_snapshots
from tastegraph.core.errors import BusyError
from tastegraph.core.progress import say
from tastegraph.core.records import Fact
from tastegraph.core.stages import current_profile, stage
from tastegraph.filters.current import columns_of_store
from tastegraph.kg.from_store import graph_from_store, item_ids
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.kg.review.outdated import report_outdated
from tastegraph.models.closed_forms import fit_closed_forms, without_texts
from tastegraph.models.fit import assemble, fit_and_assemble
from tastegraph.models.fitted_config import LEARNED, FittedConfig
from tastegraph.models.fitted_model import FittedModel
from tastegraph.models.persistence import fitted_model_from, item_features_from, to_arrays
from tastegraph.models.retrieval.fit import with_index
from tastegraph.models.trials import choosing
from tastegraph.models.tuning import tune_and_fit
from tastegraph.pipeline.choice import chosen_now, decide
from tastegraph.pipeline.contents import (
    BuiltFeatures,
    BuiltGraph,
    SnapshotContents,
    StoreState,
)
from tastegraph.pipeline.derived_facts import derive_facts, store_derived_facts
from tastegraph.pipeline.finetune import FinetuningData, finetune_encoder
from tastegraph.pipeline.item_features import (
    NodeTexts,
    carry_over_texts,
    encode_item_features,
    node_texts,
)
from tastegraph.pipeline.retention import (
    RETAINED_ENCODERS,
    prune_encoders,
    prune_snapshots,
    readable_manifests,
)
from tastegraph.pipeline.stages import STAGES, Published, Stage, Tune, stage_inputs
from tastegraph.pipeline.text_encoder import (
    MODELS_FOLDER,
    WorkspaceEncoder,
    encoder_manifest,
    encoder_settings,
    export_for_serving,
)
from tastegraph.pipeline.training_events import check_events, interactions_from_store
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import Interactions
from tastegraph.store import caches, erasure, revision
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.snapshots import Snapshot, Snapshots
from tastegraph.text.encoder import VECTORS_FILE, shared_cache

EventsOf = Callable[[Mapping[str, int]], Interactions]
"""What events are on → its row, to the events on that."""
TRIALS_FOLDER = "trials"
"""Folder of a workspace with what an interrupted build has chosen."""
UNFINISHED = ""
"""Fingerprint in the manifest of first lists: of no inputs, so that the next build goes on."""


@dataclass(frozen=True)
class Builder:
    """Builds one workspace.

    Attributes:
        directory, config, database, snapshots: of the workspace.
    """

    directory: Path
    config: Config
    database: Database
    snapshots: Snapshots

    def build(
        self,
        stages: Collection[Stage],
        inputs: str,
        publish: Published = "full",
        tune: Tune = None,
    ) -> str:
        """Build ``stages``, take the others from the snapshot in service, and publish.

        Where the model is not built, texts are encoded by the language model that encoded them
        before, since the network was trained on its vectors.

        Args:
            stages: some of :data:`STAGES`.
            inputs: fingerprint of what they are built from.
            publish: which models; a first one only where no snapshot is in service.
            tune: how settings are chosen, where not as configured.

        Returns:
            The version now in service.

        Raises:
            NotFoundError: a stage that is not in ``stages`` has never been built.
        """
        previous = None if set(stages) == set(STAGES) else self.snapshots.open()
        if previous and StoreState.of(previous).items_erased != self._store_state().items_erased:
            stages = {*stages, "graph", "text"}
        unchanged_model = None if previous is None or "model" in stages else previous
        if unchanged_model is None:
            # Read before anything is fitted: users erased meanwhile are left out of the next model.
            with self.database.reading() as connection:
                log_revision, erasures = log.revision(connection), erasure.erasure_count(connection)
                forgotten = revision.forgotten_source_count(connection)
                meaning = EventMeaning.stored(connection, self.config.events, log_revision)
                type_counts = log.type_counts(connection, log_revision)
        else:
            # Later events have not passed the gate.
            manifest = unchanged_model.manifest
            log_revision, erasures = manifest["learned_until"], manifest["erasures"]
            forgotten = manifest.get("forgotten", 0)
            fitted_config = FittedConfig.of(manifest)
            self._report_ignored_changes(fitted_config)
            meaning, type_counts = fitted_config.meaning, {}

        def events_of(rows: Mapping[str, int]) -> Interactions:
            with stage("reading events"):
                return interactions_from_store(self.database, rows, meaning, log_revision)

        built_graph = self._build_graph(stages, previous, events_of)
        events = events_of(built_graph.graph.rows)
        first: FittedModel | None = None
        if unchanged_model is None:
            check_events(events, meaning, type_counts)
            if publish != "full" and previous is None and self.snapshots.current() is None:
                first_contents = replace(
                    self._first_lists(built_graph, events, meaning, log_revision, erasures),
                    forgotten=forgotten,
                )
                version = self.publish(first_contents, STAGES, UNFINISHED, None)
                if publish == "first":
                    return version
                first = first_contents.fitted_model
                say(
                    f"first lists are ready: 'tastegraph recommend {self.directory} USER'; "
                    "the full model follows"
                )
        features = self._build_texts(stages, previous, built_graph, events_of)
        item_features = features.item_features
        if unchanged_model is None:
            plan = decide(self.snapshots, events, self.config, meaning, erasures, forgotten, tune)
            chosen: dict[str, Any] | None = plan.origin or chosen_now(events)
            if plan.hyperparameters is None:
                with choosing(self.directory / TRIALS_FOLDER, inputs, plan.seconds):
                    fitted_model, model = tune_and_fit(item_features, events, self.config, first)
            else:
                fitted_model, model = fit_and_assemble(
                    item_features, events, plan.hyperparameters, self.config.model
                )
        else:
            chosen = unchanged_model.manifest.get("chosen")
            fitted_model = fitted_model_from(unchanged_model).subset(item_features.graph.item_ids)
            model = assemble(item_features, events.user_items(), fitted_model)
        config = self.fitted_config(stages, previous, features, meaning)
        contents = SnapshotContents(
            features, fitted_model, model, events, config, log_revision, erasures,
            chosen=chosen, forgotten=forgotten,
        )  # fmt: skip
        return self.publish(contents, stages, inputs, previous)

    def publish(
        self,
        contents: SnapshotContents,
        stages: Collection[Stage],
        inputs: str,
        previous: Snapshot | None,
    ) -> str:
        """Publish a snapshot, put it into service, and return its version.

        Args:
            contents: of the snapshot.
            stages: those that were built anew; the others are those of ``previous``.
            inputs: fingerprint of what they were built from.
            previous: the snapshot in service.
        """
        with stage("publishing"):
            return self._publish(contents, stages, inputs, previous)

    def _publish(
        self,
        contents: SnapshotContents,
        stages: Collection[Stage],
        inputs: str,
        previous: Snapshot | None,
    ) -> str:
        features = contents.features
        new_model = previous is None or "model" in stages
        with stage("indexing items"):
            config = contents.fitted_config.config.model
            model = with_index(contents.model, contents.events, config.history, config.seed)
        with stage("associating texts"):
            manifest, arrays = to_arrays(features.item_features, contents.fitted_model, model)
        with stage("reading attributes"):
            changes, columns = columns_of_store(self.database, features.item_features.graph)
        arrays |= columns
        manifest |= {
            **changes,
            "inputs": stage_inputs(self._as_configured(stages, features), inputs, previous),
            "seed": self.config.model.seed,
            "fitted": contents.fitted_config.as_json(),
            **features.encoder,
            **self._store_derived_facts(features)._asdict(),
            "model": _origin(previous, "model", rebuilt="model" in stages),
            "graph": _origin(previous, "graph", rebuilt="graph" in stages),
            "learned_until": contents.log_revision,
            "erasures": contents.erasures,
            "forgotten": contents.forgotten,
            "profile": current_profile(),
            "gate": contents.gate if new_model or not previous else previous.manifest["gate"],
            "first_lists": contents.first_lists,
            "chosen": contents.chosen,
        }
        if not contents.first_lists:
            folder = self.directory / features.encoder["encoder_folder"]
            export_for_serving(folder, features.encoder["reading"] or "whole")
        version = self.snapshots.publish(manifest, arrays)
        named = named_snapshots(self.config.experiments)
        prune_snapshots(self.snapshots, contents.erasures, features.state.items_erased, named)
        encoders = {str(m["encoder"]) for m in readable_manifests(self.snapshots).values()}
        prune_encoders(self.directory / MODELS_FOLDER, encoders, RETAINED_ENCODERS)
        return version

    def fitted_config(
        self,
        stages: Collection[Stage],
        previous: Snapshot | None,
        features: BuiltFeatures,
        meaning: EventMeaning,
    ) -> FittedConfig:
        """The configuration of a snapshot with ``stages`` built anew and others of ``previous``."""
        before = FittedConfig(self.config, meaning)
        if previous is not None:
            before = FittedConfig.of(previous.manifest)
        return before.with_stages(self._as_configured(stages, features), self.config, meaning)

    def build_features(
        self, stages: Collection[Stage], previous: Snapshot | None, events_of: EventsOf
    ) -> BuiltFeatures:
        """Graph and texts, each built anew or taken from ``previous``.

        Args:
            stages: those that are built anew.
            previous: the snapshot in service.
            events_of: the events that facts are derived from and the language model is fine-tuned
                on.
        """
        built_graph = self._build_graph(stages, previous, events_of)
        return self._build_texts(stages, previous, built_graph, events_of)

    def _build_graph(
        self, stages: Collection[Stage], previous: Snapshot | None, events_of: EventsOf
    ) -> BuiltGraph:
        config = self.config
        if previous is not None and "graph" not in stages:
            graph = item_features_from(previous).graph
            return BuiltGraph(graph, StoreState.of(previous), None)
        state = self._store_state()
        with self.database.reading() as connection:
            report_outdated(connection, config)
        derived: Sequence[Fact] = []
        if config.loop.min_co_likes:
            items = item_ids(self.database)
            events = events_of({item_id: row for row, item_id in enumerate(items)})
            with stage("deriving facts from events"):
                derived = derive_facts(events, items, config)
        with stage("building the graph"):
            return BuiltGraph(graph_from_store(self.database, config, derived), state, derived)

    def _first_lists(
        self,
        built_graph: BuiltGraph,
        events: Interactions,
        meaning: EventMeaning,
        log_revision: int,
        erasures: int,
    ) -> SnapshotContents:
        """Closed forms over ``built_graph``, before any text is encoded."""
        encoder = WorkspaceEncoder.configured(self.config, self.directory)
        item_features = without_texts(built_graph.graph, built_graph.associations)
        features = BuiltFeatures(
            item_features, encoder.manifest(self.directory), built_graph.state, None
        )
        with stage("fitting first lists"):
            fitted_model, model = fit_closed_forms(item_features, events, self.config)
        config = self.fitted_config(STAGES, None, features, meaning)
        return SnapshotContents(
            features, fitted_model, model, events, config, log_revision, erasures, first_lists=True
        )

    def _build_texts(
        self,
        stages: Collection[Stage],
        previous: Snapshot | None,
        built_graph: BuiltGraph,
        events_of: EventsOf,
    ) -> BuiltFeatures:
        config, graph = self.config, built_graph.graph
        state, derived = built_graph.state, built_graph.derived_facts
        if previous is not None and "text" not in stages:
            features = carry_over_texts(item_features_from(previous), graph)
            return BuiltFeatures(features, encoder_manifest(previous), state, derived)
        with stage("reading texts"):
            texts = node_texts(
                self.database, graph, built_graph.associations, config, self.directory
            )
        if previous is not None and "model" not in stages:
            model = WorkspaceEncoder.of_snapshot(previous, config, self.directory)
            on_behaviour = item_features_from(previous).finetuned
            if model.settings != encoder_settings(config):
                say(
                    f"the texts are encoded by {model.name} as before, which the network was "
                    "trained on: 'tastegraph build' encodes them by the model configured now"
                )
        else:
            model = WorkspaceEncoder.configured(config, self.directory)
            model = self._finetuned(model, graph, texts, events_of)
            on_behaviour = "co-engagement" in config.finetuning.objectives
        encoder = model.encoder(self._vector_cache, self._shared_vectors(model))
        with stage("encoding texts"):
            features = encode_item_features(
                graph, texts, encoder, facts_in_text=config.text.facts, finetuned=on_behaviour
            )
        if self._snapshots_hold_erased_items(state):
            # Whatever is configured now, an earlier build may have shared them.
            every_cache = model.encoder(self._vector_cache, shared_cache())
            every_cache.keep_only([*texts.items, *texts.labels])
        return BuiltFeatures(features, model.manifest(self.directory), state, derived)

    def _as_configured(self, stages: Collection[Stage], features: BuiltFeatures) -> set[Stage]:
        """Those of ``stages`` that follow the configuration of now.

        Not texts that were encoded by another language model, see :meth:`build`.
        """
        configured = set(stages)
        if features.encoder["asked"] != encoder_settings(self.config):
            configured.discard("text")
        return configured

    def _report_ignored_changes(self, fitted_config: FittedConfig) -> None:
        """Say which settings of the model changed since it was fitted; it is not fitted anew."""
        if keys := fitted_config.changes(self.config, LEARNED):
            say(
                f"the model stays as it was learned, before {', '.join(keys)} changed: "
                "'tastegraph build' learns it anew"
            )

    def _store_derived_facts(self, features: BuiltFeatures) -> StoreState:
        """Write the derived facts of the graph to the store; return its state with them."""
        if features.derived_facts is None:
            return features.state
        try:
            before, after = store_derived_facts(self.database, features.derived_facts)
        except BusyError:
            # They are only for display there; the next build writes them.
            return features.state
        if before != features.state.changes:
            return features.state
        return features.state._replace(changes=after)

    def _finetuned(
        self,
        model: WorkspaceEncoder,
        graph: KnowledgeGraph,
        texts: NodeTexts,
        events_of: EventsOf,
    ) -> WorkspaceEncoder:
        """``model`` after the configured fine-tuning."""
        config = self.config
        if not config.finetuning.objectives or not graph.n_items:
            return model
        events = events_of(graph.rows)
        shared = self._shared_vectors(model)
        with stage("fine-tuning the language model"):
            folder = finetune_encoder(
                model.folder,
                FinetuningData.of_workspace(texts, graph, events, config),
                config.finetuning,
                config.model.seed,
                self.directory / MODELS_FOLDER,
                lambda folder, strings: (
                    model.finetuned(folder).encoder(self._vector_cache, shared).encode(strings)
                ),
            )
        return model.finetuned(folder)

    def _store_state(self) -> StoreState:
        with self.database.reading() as connection:
            n_changes = revision.change_count(connection)
            return StoreState(n_changes, erasure.erased_item_count(connection))

    def _snapshots_hold_erased_items(self, state: StoreState) -> bool:
        """Whether a snapshot exists that was built before the last item was erased."""
        manifests = readable_manifests(self.snapshots).values()
        return any(manifest["items_erased"] < state.items_erased for manifest in manifests)

    def _shared_vectors(self, model: WorkspaceEncoder) -> Database | None:
        """Vectors that workspaces share; none of a model that was made for this one."""
        own = model.folder.is_relative_to(self.directory / MODELS_FOLDER)
        return shared_cache() if self.config.text.shared_cache and not own else None

    @cached_property
    def _vector_cache(self) -> Database:
        return Database(self.directory / VECTORS_FILE, caches.vector_metadata)


def _origin(previous: Snapshot | None, stage: str, *, rebuilt: bool) -> str | None:
    """Version of the snapshot that ``stage`` was built for; ``None`` for the one to publish."""
    if rebuilt or previous is None:
        return None
    version: str | None = previous.manifest[stage]
    return version or previous.version
