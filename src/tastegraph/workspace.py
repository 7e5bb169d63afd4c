"""A workspace: one directory with everything that belongs to one recommender.

tastegraph.toml    configuration
tastegraph.db      events, items, facts, links, decisions, served lists
vectors.db         cached vectors of texts
answers.db         cached answers of the large language model
descriptions.json  descriptions of items by it
models/            language models fine-tuned for this workspace
snapshots/         built models; CURRENT names the one in service
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tastegraph.core import config as configuration
from tastegraph.core.config import Config
from tastegraph.core.config.documentation import commented_toml
from tastegraph.core.config.keys import rename_keys
from tastegraph.core.errors import ConfigError
from tastegraph.core.import_report import ImportReport
from tastegraph.core.messages import Message
from tastegraph.core.records import Event, Fact, Item, Link, Records
from tastegraph.data.column_facts import ColumnFacts
from tastegraph.data.import_arguments import (
    check_count,
    check_text,
    check_user,
    checked_records,
    records_of,
)
from tastegraph.kg.import_checks import check_statements
from tastegraph.pipeline import stages
from tastegraph.pipeline.import_checks import check_event_items, check_scripts
from tastegraph.store import caches, catalogue, provenance, schema
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.durable import file_lock
from tastegraph.store.ingestion import ImportSummary, ingest
from tastegraph.store.provenance import check_source_names
from tastegraph.store.snapshots import Snapshots

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tastegraph.evaluation.experiments import ExperimentFeedback
    from tastegraph.evaluation.feedback import ModelFeedback
    from tastegraph.evaluation.report import EvaluationReport
    from tastegraph.kg.review.erasing import Eraser
    from tastegraph.kg.review.knowledge import KnowledgeBase
    from tastegraph.models.dataset import Dataset
    from tastegraph.models.fitted_config import FittedConfig
    from tastegraph.pipeline.describe import Descriptions
    from tastegraph.pipeline.gate import GateVerdict
    from tastegraph.pipeline.retrain import RetrainingResult
    from tastegraph.profiles.rating_scale import RatingScale
    from tastegraph.serving.answers import Explanation, Recommendations, TextAssociations
    from tastegraph.serving.engine import Engine
    from tastegraph.serving.lists.request_view import UserOrSession
    from tastegraph.store.erasure import ErasureReceipt
    from tastegraph.text.llm_batch import UsageEstimate


class Workspace:
    """One recommender: import data, build, recommend, explain, retrain, evaluate.

    Args:
        directory: of the workspace, created by :meth:`init`.

    Raises:
        ConfigError: there is no workspace in ``directory``, or its configuration is wrong.
    """

    def __init__(self, directory: str | Path) -> None:
        self.directory = directory = Path(directory)
        self.config: Config = configuration.load_config(directory / configuration.CONFIG_FILE)
        self.database = Database(directory / "tastegraph.db", schema.metadata)
        self.snapshots = Snapshots(directory / "snapshots")

    @classmethod
    def init(cls, directory: str | Path, settings: Mapping[str, Any] | None = None) -> Workspace:
        """Create an empty workspace.

        Args:
            directory: created where it does not exist.
            settings: configuration; all other keys are written as comments.

        Raises:
            ConfigError: ``directory`` is a workspace already, or a setting is wrong; nothing was
                written.
        """
        directory = Path(directory)
        file = directory / configuration.CONFIG_FILE
        if file.exists():
            raise ConfigError(f"{directory} is a workspace already")
        named = {"name": directory.resolve().name, **(settings or {})}
        configuration.checked_config(named, "settings")
        directory.mkdir(parents=True, exist_ok=True)
        file.write_text(commented_toml(rename_keys(named)[0]), encoding="utf-8")
        return cls(directory)

    def ingest(
        self,
        records: Records | None = None,
        *,
        items: Iterable[Item] | Any = (),
        events: Iterable[Event] | Any = (),
        facts: Mapping[str, Iterable[Fact] | Any] | None = None,
        links: Mapping[str, Iterable[Link] | Any] | None = None,
        digests: Mapping[str, str] | None = None,
        replace_catalogue: bool = False,
        report: ImportReport | None = None,
    ) -> ImportSummary:
        """Import records: all of them, or none if any is wrong.

        A source is replaced as a whole: facts and links that it stated before and does not state
        now are deleted, unless another source states them too. So are events of a file.

        Args:
            records: all, such as :meth:`tastegraph.data.files.Files.records`; or name its parts:
            items: items, or a polars, pandas or Arrow table; they replace those of the same id.
            events: events, or a table of them; one whose id is known already changes nothing.
            facts: source → the facts that it states, or a table of them.
            links: source → its links from items to entities, or a table of them.
            digests: source → a hash of its content; see :meth:`up_to_date`.
            replace_catalogue: items that ``items`` lack are delisted until an import has them.
            report: gets counts by file and what was noticed; by default that of the result.

        Raises:
            ArgumentError: an argument, or an element of it, has the wrong type.
            ConfigError: the name of a source is empty or reserved.
            RowError, FrameError: a record, row or table cannot be accepted.
            BusyError: another process is writing to this workspace.
        """
        report = ImportReport() if report is None else report
        records = checked_records(
            items, events, facts, links, digests, self.config, report, records
        )
        records = replace(records, replace_catalogue=replace_catalogue or records.replace_catalogue)
        check_source_names(records.sources)
        with self.database.writing() as connection:
            summary = ingest(connection, records, ColumnFacts(self.config.items.facts), report)
        with self.database.reading() as connection:
            check_event_items(connection, records.event_files, report)
            if summary.items:
                check_scripts(connection, self.config.text.encoder, report)
            check_statements(connection, records.facts, records.links, report)
        return summary

    def up_to_date(self, source: str, digest: str) -> bool:
        """Whether ``source`` was last imported with this ``digest``."""
        if not self.database.path.exists():
            return False
        with self.database.reading() as connection:
            return provenance.digests(connection).get(source) == digest

    @cached_property
    def knowledge(self) -> KnowledgeBase:
        """The knowledge graph's facts: to derive, review and correct them."""
        from tastegraph.kg.review.knowledge import KnowledgeBase

        return KnowledgeBase(self.database, self.config, self._answers)

    def describe(
        self, users: Collection[str] | None = None, limit: int | None = None
    ) -> Descriptions:
        """Let the large language model of ``[llm]`` describe items, or the interests of users.

        Items are described from their texts and facts, in ``descriptions.json``, which ``[text]
        descriptions`` may name. Interests are described from the titles of the train split, and
        only returned. Answers are cached, also where a run ends half-way.

        Args:
            users: ids of users; by default items are described.
            limit: only the first so many; by default all.

        Raises:
            ConfigError: ``[llm]`` names no language model.
            EndpointError: it cannot be used; answers until then are cached.
            NotFoundError: nothing is known of what a user likes.
            BusyError: another process is describing this workspace's items.
        """
        from tastegraph.pipeline.describe import describe_interests, describe_items

        if users is None:
            return describe_items(self.database, self.config, self._answers, limit)
        return describe_interests(self.database, self.config, self._answers, users, limit)

    def plan_describe(
        self, users: Collection[str] | None = None, limit: int | None = None
    ) -> UsageEstimate:
        """Estimate what :meth:`describe` would cost; the language model is not called.

        Raises:
            NotFoundError: nothing is known of what a user likes.
        """
        from tastegraph.pipeline.describe import description_requests
        from tastegraph.text.llm_batch import estimate_usage

        requests = description_requests(self.database, self.config, users, limit).values()
        return estimate_usage(self.config.llm, list(requests), self._answers)

    @cached_property
    def _answers(self) -> Database:
        return Database(self.directory / caches.LLM_CACHE_FILE, caches.answer_metadata)

    def record(self, events: Iterable[Event]) -> log.AppendResult:
        """Append events. They are durable when this returns, and the next list reflects them.

        Raises:
            ArgumentError: an element is not an event.
            RowError: an event is more than five minutes in the future; none was appended.
            BusyError: another process is writing to this workspace.
        """
        with self.database.writing() as connection:
            return log.append(connection, records_of("events", events, Event))

    @property
    def erase(self) -> Eraser:
        """Deletes users and items; the next build or retraining forgets them.

        Raises:
            BusyError: another process is writing to this workspace, or reading without a pause.
        """
        from tastegraph.kg.review.erasing import Eraser

        def write(work: Callable[[Connection], ErasureReceipt]) -> ErasureReceipt:
            with self.database.writing() as connection:
                return work(connection)

        return Eraser(self.database, write, self.config.text.descriptions)

    def build(
        self,
        only: Collection[stages.Stage] = stages.STAGES,
        publish: stages.Published = "full",
        tune: stages.Tune = None,
    ) -> str:
        """Build stages whose inputs changed, publish a snapshot, and return the version in service.

        With ``only={"graph", "text"}`` new items and facts count at once, by the model in service.

        Args:
            only: stages to build; by default all.
            publish: "first and full" first puts closed forms into service where nothing is.
            tune: as ``[model] tune``; a duration such as ``10m`` chooses settings anew.

        Raises:
            ConfigError: a stage is unknown.
            NotFoundError: a stage that is not in ``only`` has never been built.
            BusyError: another process is building this workspace.
            TastegraphError: the workspace is empty, or torch is not installed.
        """
        stages.check_stages(only)
        busy = Message("busy.build", directory=self.directory)
        with file_lock(self.directory / "build.lock", busy):
            return stages.build_stale_stages(
                self.directory, self.config, self.database, self.snapshots, only, publish, tune
            )

    def follow(self, idle: float = 600.0, pause: float = 0.25) -> None:
        """Build graph and texts whenever items or facts change.

        One process is faster than one for each change, which would load the language model first.
        It ends when its parent process ends.

        Args:
            idle: seconds without a change after which it ends.
            pause: seconds between two checks.

        Raises:
            NotFoundError: nothing has been built yet.
        """
        n_changes = int(self.snapshots.open().manifest["changes"])
        stages.follow(self.database, lambda: self.build({"graph", "text"}), n_changes, idle, pause)

    def retrain(self, patience: float = 0.0) -> RetrainingResult:
        """Fit the model in service to newer events, and serve the result if the gate accepts it.

        Args:
            patience: seconds to wait for another process that is building this workspace.

        Raises:
            NotFoundError: nothing has been built yet.
            BusyError: another process is building this workspace.
            TastegraphError: torch is not installed.
        """
        stages.require_torch()
        from tastegraph.pipeline.build import Builder
        from tastegraph.pipeline.retrain import retrain

        busy = Message("busy.build", directory=self.directory)
        with file_lock(self.directory / "build.lock", busy, patience):
            self.knowledge.renew()
            builder = Builder(self.directory, self.config, self.database, self.snapshots)
            return retrain(builder, self.fingerprint())

    def compare(self, version: str, other: str | None = None) -> GateVerdict:
        """Compare the model of a snapshot with that of another, by default the one in service.

        Raises:
            NotFoundError, SnapshotError: there is no such version, or it cannot be read.
            TastegraphError: torch is not installed.
        """
        stages.require_torch()
        from tastegraph.pipeline.evaluate import compare_snapshots

        candidate, incumbent = self.snapshots.open(version), self.snapshots.open(other)
        return compare_snapshots(candidate, incumbent, self.database, self.config)

    def evaluate(self, file: Path | None = None) -> EvaluationReport:
        """Compare the system with its controls and the baselines, on held-out events.

        Args:
            file: the report is also written here, as JSON.

        Returns ``{"dataset", "protocol", "audit", "results"}``; a notebook shows it as tables.

        Raises:
            TastegraphError: an input changed since the last build, there are too few events to
                hold any out, or torch is not installed.
        """
        stages.require_torch()
        from tastegraph.pipeline.evaluate import evaluate_snapshot

        inputs = self.fingerprint()
        report = evaluate_snapshot(self.snapshots.open(), self.database, self.config, inputs)
        if file is not None:
            file.write_text(json.dumps(report, indent=1, allow_nan=False), encoding="utf-8")
        return report

    @cached_property
    def engine(self) -> Engine:
        """Answers requests from the snapshot in service.

        Raises:
            NotFoundError: nothing has been built yet.
        """
        from tastegraph.serving.engine import Engine

        return Engine(self.snapshots, self.database, self.config)

    def recommend(self, user: UserOrSession, k: int = 10) -> Recommendations:
        """The best ``k`` items for a user: an id, or the events of an anonymous session.

        Raises:
            ArgumentError: ``user`` is neither, or ``k`` is not a whole number of at least 1.
        """
        check_user("user", user)
        check_count("k", k)
        return self.engine.recommend(user, k)

    def explain(self, user: UserOrSession, item_id: str) -> Explanation:
        """All reasons for and against one item for a user; their shares sum to its score.

        The user is an id, or the events of an anonymous session.

        Raises:
            ArgumentError: ``user`` or ``item_id`` has the wrong type.
            NotFoundError: the snapshot in service does not contain the item.
        """
        check_user("user", user)
        check_text("item_id", item_id)
        return self.engine.explain(user, item_id)

    def associate(self, text: str, k: int = 20) -> TextAssociations:
        """The ``k`` items nearest to ``text``, and up to ``k`` associated graph nodes.

        Raises:
            NoEncoderError: the language model of the snapshot in service is not exported.
            ArgumentError: ``text`` is not text, or ``k`` is not a whole number of at least 1.
        """
        check_text("text", text)
        check_count("k", k)
        return self.engine.associate(text, k)

    def feedback(self, since: float = 0.0) -> list[ModelFeedback]:
        """How users responded to the served lists, for each model.

        A success is an event that counts for its item: its type does, and it is no low rating.
        Lists from before ``since``, in seconds since 1970-01-01 UTC, are left out.
        """
        from tastegraph.evaluation.feedback import feedback_from_store

        n_items = int(self.snapshots.open().manifest["counts"]["items"])
        return feedback_from_store(self.database, self.config.events, n_items, since)

    def experiments(self, since: float = 0.0, kind: str | None = None) -> list[ExperimentFeedback]:
        """What came of each variant of experiments, and which is better.

        ``since`` as of :meth:`feedback`; with ``kind``, events of that type alone are a response.
        """
        from tastegraph.evaluation.experiments import experiments_from_store

        return experiments_from_store(self.database, self.config, since, kind)

    def rating_scale(self) -> RatingScale:
        """The scale of the ratings: as configured, or as inferred from all ratings."""
        from tastegraph.profiles.event_meaning import stored_rating_scale

        return stored_rating_scale(self.database, self.config.events)

    def fitted(self) -> FittedConfig:
        """What the snapshot in service was built with; raises what :meth:`dataset` raises."""
        from tastegraph.models.fitted_config import FittedConfig

        return FittedConfig.of_snapshot_in_service(self.snapshots)

    def dataset(self) -> Dataset:
        """Events and item features, for models of one's own and ``tastegraph.evaluate``.

        Raises:
            NotFoundError, SnapshotError: nothing has been built yet, or it cannot be read.
        """
        from tastegraph.pipeline.training_events import dataset_from_store

        return dataset_from_store(self.database, self.snapshots.open(), self.config)

    def counts(self) -> dict[str, int]:
        """Number of items, facts, links, events and users."""
        if not self.database.path.exists():
            return dict.fromkeys(("items", "facts", "links", "events", "users"), 0)
        with self.database.reading() as connection:
            of_events = {"events": log.count(connection), "users": log.user_count(connection)}
            return {**catalogue.counts(connection), **of_events}

    def fingerprint(self) -> str:
        """Hash of everything that a build depends on."""
        return stages.fingerprint(self.database, self.config, self.directory)

    def close(self) -> None:
        """Close the database, so that another process can write."""
        if "engine" in vars(self):
            self.engine.close()
        self.database.close()


def open_workspace(directory: str | Path) -> Workspace:
    """Open the workspace in ``directory``.

    Raises:
        ConfigError: there is no workspace there, or its ``tastegraph.toml`` is wrong.
    """
    return Workspace(Path(directory))
