"""The façade: one directory that holds everything one recommender owns.

tastegraph.toml    what it was told
tastegraph.db      events, items, facts, links
vectors.db         text vectors, by content
answers.db         what a language model answered, by question
descriptions.json  what it said of items
models/            language models as they were taught here
snapshots/         what was built; CURRENT names the one in service
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from tastegraph.core import config as configuration
from tastegraph.core.config import Config
from tastegraph.core.errors import ArgumentError, ConfigError, NotFoundError, SnapshotError
from tastegraph.core.messages import Message
from tastegraph.core.progress import say
from tastegraph.core.records import Event, Fact, Item, Link, Records
from tastegraph.data.import_arguments import (
    check_count,
    check_text,
    check_user,
    checked_records,
    records_of,
)
from tastegraph.data.items import item_facts
from tastegraph.pipeline.stages import (
    STAGES,
    Stage,
    check_stages,
    fingerprint,
    follow,
    require_torch,
    stale_stages,
)
from tastegraph.store import caches, catalogue, provenance, schema, served_lists
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.durable import file_lock
from tastegraph.store.ingestion import ImportSummary, ingest
from tastegraph.store.provenance import check_source_names
from tastegraph.store.snapshots import Snapshot, Snapshots

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tastegraph.evaluation.feedback import ModelFeedback
    from tastegraph.kg.review.erasing import Eraser
    from tastegraph.kg.review.knowledge import Knowledge
    from tastegraph.models.fitted_config import FittedConfig
    from tastegraph.pipeline.describe import Descriptions
    from tastegraph.pipeline.gate import GateVerdict
    from tastegraph.pipeline.retrain import RetrainingResult
    from tastegraph.profiles.rating_scale import RatingScale
    from tastegraph.serving.answers import Explanation, Recommendations, TextAssociations
    from tastegraph.serving.engine import Engine, UserOrSession
    from tastegraph.store.erasure import ErasureReceipt
    from tastegraph.text.llm_batch import UsageEstimate


class Workspace:
    """One recommender.

    Args:
        directory: where it lives; made by :meth:`init`.

    Raises:
        ConfigError: there is no workspace there, or its configuration is wrong.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config: Config = configuration.load_config(directory / configuration.CONFIG_FILE)
        self.database = Database(directory / "tastegraph.db", schema.metadata)
        self.snapshots = Snapshots(directory / "snapshots")

    @classmethod
    def init(cls, directory: Path, settings: Mapping[str, Any] | None = None) -> Workspace:
        """Make an empty workspace with ``settings`` as its configuration.

        Raises:
            ConfigError: there is a workspace already.
        """
        file = directory / configuration.CONFIG_FILE
        if file.exists():
            raise ConfigError(f"{directory} is a workspace already")
        directory.mkdir(parents=True, exist_ok=True)
        told = {"name": directory.resolve().name, **(settings or {})}
        file.write_text(tomli_w.dumps(told), encoding="utf-8")
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
    ) -> ImportSummary:
        """Import records: all of them, or on any error none.

        A source is replaced as a whole: facts and links that it stated before and does not state
        now are deleted, unless another source states them too.

        Args:
            records: all that is imported, such as the files of
                :meth:`tastegraph.data.files.Files.records`; or name its parts:
            items: items, or a polars, pandas or Arrow table of them. They replace those of the same
                id; configured columns become facts.
            events: events, or a table of them; an event whose id is known already changes nothing.
            facts: source → the facts that it states, or a table of them.
            links: source → its links from items to entities, or a table of them.
            digests: source → a hash of its content; see :meth:`up_to_date`.

        Raises:
            ArgumentError: an argument, or an element of it, has the wrong type.
            ConfigError: the name of a source is empty or reserved.
            RowError, FrameError: a record, row or table cannot be accepted.
            BusyError: another process is writing to this workspace.
        """
        if records is None:
            types = self.config.events.weights
            records = checked_records(items, events, facts, links, digests, types)
        elif not isinstance(records, Records):
            raise ArgumentError(
                "records", records, "a Records; name the others: items=, events=, facts=, links="
            )
        check_source_names(records.sources)
        columns = self.config.items.facts
        with self.database.writing() as connection:
            return ingest(connection, records, lambda item: item_facts(item, columns))

    def up_to_date(self, source: str, digest: str) -> bool:
        """Whether a source is there, in the state that ``digest`` was given for."""
        if not self.database.path.exists():
            return False
        with self.database.reading() as connection:
            return provenance.digests(connection).get(source) == digest

    @cached_property
    def knowledge(self) -> Knowledge:
        """What is known, to be derived, reviewed and corrected."""
        from tastegraph.kg.review.knowledge import Knowledge

        return Knowledge(self.database, self.config, self._answers)

    def describe(
        self, users: Collection[str] | None = None, limit: int | None = None
    ) -> Descriptions:
        """Have the language model of ``[llm]`` describe items, or what ``users`` like.

        Items are described from their texts and what is stated of them, into the workspace's
        ``descriptions.json``, which ``[text] descriptions`` may name. Interests are described
        from the training part's titles, and only returned. What was answered once is not asked
        again, also where a run ended half-way.

        Args:
            users: ids of people; by default items are described.
            limit: how many, the first ones; by default all.

        Raises:
            ConfigError: ``[llm]`` names no language model.
            EndpointError: it cannot be used; what it answered before is kept.
            NotFoundError: nothing is known of what a person likes.
            BusyError: another process is describing this workspace's items.
        """
        from tastegraph.pipeline.describe import describe_interests, describe_items, questions
        from tastegraph.text.llm import LLMClient
        from tastegraph.text.llm_batch import CachedLLM

        model = CachedLLM(LLMClient(self.config.llm), self._answers)
        if users is not None:
            asked = questions(self.database, self.config, users, limit)
            return describe_interests(asked, model)
        busy = Message("busy.describe", directory=self.directory)
        with file_lock(self.directory / "describe.lock", busy):
            asked = questions(self.database, self.config, None, limit)
            return describe_items(asked, model, self.database)

    def plan_describe(
        self, users: Collection[str] | None = None, limit: int | None = None
    ) -> UsageEstimate:
        """What :meth:`describe` would take; nothing is asked.

        Raises:
            NotFoundError: nothing is known of what a person likes.
        """
        from tastegraph.pipeline.describe import questions
        from tastegraph.text.llm_batch import estimate_usage

        asked = questions(self.database, self.config, users, limit)
        return estimate_usage(self.config.llm, list(asked.values()), self._answers)

    @cached_property
    def _answers(self) -> Database:
        return Database(self.directory / caches.LLM_CACHE_FILE, caches.answer_metadata)

    def record(self, events: Iterable[Event]) -> log.AppendResult:
        """Append events; when this returns they are durable, and the next answer knows them.

        Raises:
            ArgumentError: an element is not an event.
            RowError: one is more than five minutes to come; none was appended.
            BusyError: another process is writing to this workspace.
        """
        with self.database.writing() as connection:
            return log.append(connection, records_of("events", events, Event))

    @property
    def erase(self) -> Eraser:
        """Deletes people and items; the next build or retraining forgets them.

        Raises:
            BusyError: another process is writing to this workspace, or reading all the time.
        """
        from tastegraph.kg.review.erasing import Eraser

        def write(work: Callable[[Connection], ErasureReceipt]) -> ErasureReceipt:
            with self.database.writing() as connection:
                return work(connection)

        return Eraser(self.database, write, self.config.text.descriptions)

    def build(self, only: Collection[Stage] = STAGES) -> str:
        """Build what is asked for, publish it, and return the version in service.

        With ``only={"graph", "text"}`` new items and facts count at once, ranked by what was
        learned before. Where nothing has changed, nothing is done.

        Raises:
            NotFoundError: something that was not asked for has never been built.
            BusyError: another process is building this workspace.
            TastegraphError: the workspace is empty, or torch is not installed.
        """
        check_stages(only)
        busy = Message("busy.build", directory=self.directory)
        with file_lock(self.directory / "build.lock", busy):
            return self._build_if_changed(only)

    def follow(self, idle: float = 600.0, pause: float = 0.25) -> None:
        """Build graph and texts as soon as anything known changes.

        One process that stays is sooner done than one for each change, which would first have to
        load all that reads texts. It ends with the process that started it.

        Args:
            idle: seconds without a change after which it ends.
            pause: seconds between two looks.

        Raises:
            NotFoundError: nothing has been built yet.
        """
        n_changes = int(self.snapshots.open().manifest["changes"])
        follow(self.database, lambda: self.build({"graph", "text"}), n_changes, idle, pause)

    def retrain(self, patience: float = 0.0) -> RetrainingResult:
        """Learn from what happened since the model in service, and serve the result if no worse.

        Args:
            patience: seconds to wait for another process that is building this workspace.

        Raises:
            NotFoundError: nothing has been built yet.
            BusyError: another process is building this workspace.
            TastegraphError: torch is not installed.
        """
        require_torch()
        from tastegraph.pipeline.build import Builder
        from tastegraph.pipeline.retrain import retrain

        busy = Message("busy.build", directory=self.directory)
        with file_lock(self.directory / "build.lock", busy, patience):
            self.knowledge.renew()
            builder = Builder(self.directory, self.config, self.database, self.snapshots)
            return retrain(builder, self.fingerprint())

    def compare(self, version: str, other: str | None = None) -> GateVerdict:
        """One published model against another, by default the one in service.

        Raises:
            NotFoundError: there is no such version.
            SnapshotError: one of them cannot be read.
            TastegraphError: torch is not installed.
        """
        require_torch()
        from tastegraph.pipeline.evaluate import compare_snapshots

        one, two = self.snapshots.open(version), self.snapshots.open(other)
        return compare_snapshots(one, two, self.database, self.config)

    def _build_if_changed(self, only: Collection[Stage]) -> str:
        from tastegraph.pipeline.text_encoder import export_for_serving

        inputs, built = self.fingerprint(), self._in_service()
        if built is not None and not stale_stages(built, inputs, only):
            export_for_serving(self.directory / built.manifest["encoder_folder"])
            return built.version
        require_torch()
        from tastegraph.pipeline.build import Builder

        builder = Builder(self.directory, self.config, self.database, self.snapshots)
        return builder.build(only, inputs)

    def _in_service(self) -> Snapshot | None:
        if self.snapshots.current() is None:
            return None
        try:
            return self.snapshots.open()
        except (SnapshotError, NotFoundError) as error:
            say(f"the snapshot in service cannot be read, another is built ({error})")
            return None

    def evaluate(self, file: Path | None = None) -> dict[str, Any]:
        """Compare the system with its controls and the baselines, on held-out events.

        Args:
            file: where the result is written as JSON.

        Returns:
            ``{"dataset", "protocol", "audit", "results"}``.

        Raises:
            TastegraphError: something has changed since the last build, or there are too few
                events to hold any out.
        """
        require_torch()
        from tastegraph.pipeline.evaluate import evaluate_snapshot

        inputs = self.fingerprint()
        report = evaluate_snapshot(self.snapshots.open(), self.database, self.config, inputs)
        if file is not None:
            file.write_text(json.dumps(report, indent=1, allow_nan=False), encoding="utf-8")
        return report

    @cached_property
    def engine(self) -> Engine:
        """What answers, from the snapshot in service.

        Raises:
            NotFoundError: nothing has been built yet.
        """
        from tastegraph.serving.engine import Engine

        return Engine(self.snapshots, self.database, self.config)

    def recommend(self, who: UserOrSession, n: int = 10) -> Recommendations:
        """The best ``n`` items for a user id, or for the events of somebody who has none.

        Raises:
            ArgumentError: ``who`` is neither, or ``n`` is not a whole number of at least 1.
        """
        check_user("who", who)
        check_count("n", n)
        return self.engine.recommend(who, n)

    def explain(self, who: UserOrSession, item_id: str) -> Explanation:
        """Every reason for and against one item; their shares sum to its score.

        Raises:
            ArgumentError: ``who`` or ``item_id`` has the wrong type.
        """
        check_user("who", who)
        check_text("item_id", item_id)
        return self.engine.explain(who, item_id)

    def associate(self, text: str, n: int = 20) -> TextAssociations:
        """What ``text`` is about: the ``n`` nearest items, and up to ``n`` ties to what is known.

        Raises:
            NoEncoderError: the language model of the snapshot in service is not exported.
            ArgumentError: ``text`` is not text, or ``n`` is not a whole number of at least 1.
        """
        check_text("text", text)
        check_count("n", n)
        return self.engine.associate(text, n)

    def feedback(self, since: float = 0.0) -> list[ModelFeedback]:
        """What came of the lists that were shown, model by model.

        A success is an event that counts for its item: of such a type, and no low rating.

        Args:
            since: seconds since 1970-01-01 UTC; older lists are left out.
        """
        from tastegraph.evaluation.feedback import feedback_by_model
        from tastegraph.profiles.event_meaning import EventMeaning

        with self.database.reading() as connection:
            n_items = len(self.snapshots.open().strings("graph.items"))
            meaning = EventMeaning.stored(connection, self.config.events)
            shown = served_lists.exposures(connection, since, counts=meaning.likes)
            return feedback_by_model(shown, meaning.weights, n_items)

    def rating_scale(self) -> RatingScale:
        """The scale that ratings are on: as configured, or as all of them together tell it."""
        from tastegraph.profiles.event_meaning import EventMeaning
        from tastegraph.profiles.rating_scale import rating_scale

        if not self.database.path.exists():
            return rating_scale({}, self.config.events.positive_rating)
        with self.database.reading() as connection:
            return EventMeaning.stored(connection, self.config.events).scale

    def fitted(self) -> FittedConfig:
        """The configuration that what is in service was made with.

        Raises:
            NotFoundError: nothing has been built yet.
            SnapshotError: its manifest cannot be read, or is of another format.
        """
        from tastegraph.models.fitted_config import FittedConfig

        version = self.snapshots.current()
        if version is None:
            raise NotFoundError(f"{self.directory} has no snapshot: run 'tastegraph build'")
        return FittedConfig.of(self.snapshots.manifest(version))

    def counts(self) -> dict[str, int]:
        """How many items, facts, links, events and users there are."""
        if not self.database.path.exists():
            return dict.fromkeys(("items", "facts", "links", "events", "users"), 0)
        with self.database.reading() as connection:
            return {
                **catalogue.counts(connection),
                "events": log.count(connection),
                "users": log.user_count(connection),
            }

    def fingerprint(self) -> str:
        """Changes whenever anything changes that a build depends on."""
        return fingerprint(self.database, self.config, self.directory)

    def close(self) -> None:
        """Let another process write."""
        if "engine" in vars(self):
            self.engine.close()
        self.database.close()


def open_workspace(directory: str | Path) -> Workspace:
    """Open the workspace in ``directory``.

    Raises:
        ConfigError: there is no workspace there, or its ``tastegraph.toml`` is wrong.
    """
    return Workspace(Path(directory))
