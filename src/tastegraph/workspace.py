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
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tomli_w

from tastegraph import __version__
from tastegraph import config as configuration
from tastegraph.config import Config
from tastegraph.errors import ConfigError, SnapshotError, TastegraphError
from tastegraph.progress import counted, say
from tastegraph.records import ITEM, Event, Fact, Item, Link
from tastegraph.sources.items import item_facts
from tastegraph.storage import answers, catalogue, provenance, schema, statements, vectors
from tastegraph.storage import events as log
from tastegraph.storage.database import Database
from tastegraph.storage.locks import held
from tastegraph.storage.provenance import CATALOGUE, check_source_names
from tastegraph.storage.snapshots import FORMAT, Snapshot, Snapshots

if TYPE_CHECKING:
    from tastegraph.curation.knowledge import Knowledge
    from tastegraph.language.budget import Plan
    from tastegraph.language.endpoint import Question
    from tastegraph.learning.describe import Described
    from tastegraph.ranking.learned import Content
    from tastegraph.serving.answers import Associated, Explanation, Recommendations
    from tastegraph.serving.engine import Engine, Who

Stage = Literal["graph", "text", "model"]
STAGES: tuple[Stage, ...] = ("graph", "text", "model")
KEPT_SNAPSHOTS = 5
READER = ("encoder", "encoder_folder", "max_tokens")
"""What a manifest says of the language model: its name, where it lies seen from here, its cut."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import added.

    Attributes:
        withdrawn: facts and links that went because their sources do not state them any more.
    """

    items: int
    events: int
    duplicate_events: int
    facts: int
    links: int
    withdrawn: int = 0


class Workspace:
    """One recommender.

    Args:
        directory: where it lives; made by :meth:`init`.

    Raises:
        ConfigError: there is no workspace there, or its configuration is wrong.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config: Config = configuration.load(directory / configuration.FILE)
        self.database = Database(directory / "tastegraph.db", schema.metadata)
        self.snapshots = Snapshots(directory / "snapshots")

    @classmethod
    def init(cls, directory: Path, settings: Mapping[str, Any] | None = None) -> Workspace:
        """Make an empty workspace with ``settings`` as its configuration.

        Raises:
            ConfigError: there is a workspace already.
        """
        file = directory / configuration.FILE
        if file.exists():
            raise ConfigError(f"{directory} is a workspace already")
        directory.mkdir(parents=True, exist_ok=True)
        told = {"name": directory.resolve().name, **(settings or {})}
        file.write_text(tomli_w.dumps(told), encoding="utf-8")
        return cls(directory)

    def ingest(
        self,
        *,
        items: Iterable[Item] = (),
        events: Iterable[Event] = (),
        facts: Mapping[str, Iterable[Fact]] | None = None,
        links: Mapping[str, Iterable[Link]] | None = None,
        digests: Mapping[str, str] | None = None,
    ) -> Imported:
        """Import records: all of them, or on any error none.

        A source is replaced whole: what it stated before, facts and links alike, and does not
        state now loses its support, and what no other source supports goes.

        Args:
            items: replace those of the same id; configured columns become facts.
            events: those whose id is known already change nothing.
            facts: what each source states, by the source's name.
            links: which entity an item is, by the source's name.
            digests: what tells this state of a source from others; see :meth:`up_to_date`.

        Raises:
            ConfigError: a source has no name, or that of the catalogue; nothing was imported.
            RowError: a record is wrong; nothing was imported.
            BusyError: another process is writing to this workspace.
        """
        facts, links = facts or {}, links or {}
        check_source_names([*facts, *links])
        with self.database.writing() as connection:
            n_items = n_facts = n_links = 0
            for batch in _batches(counted("items", items)):
                n_items += catalogue.put_items(connection, batch)
                subjects = [ITEM + item.item_id for item in batch]
                statements.withdraw(connection, subjects, CATALOGUE)
                columns = (f for item in batch for f in item_facts(item, self.config.items.facts))
                n_facts += statements.put_facts(connection, columns, CATALOGUE)
            replaced = [
                provenance.withdraw_source(connection, source) for source in {**facts, **links}
            ]
            for source, stated in facts.items():
                n_facts += statements.put_facts(connection, counted(source, stated), source)
            for source, linked in links.items():
                n_links += statements.put_links(connection, linked, source)
            for source in {**facts, **links}:
                provenance.stamp(connection, source, (digests or {}).get(source, ""))
            withdrawn = provenance.drop_unsupported(connection) if any(replaced) else 0
            receipt = log.append(connection, counted("events", events))
        return Imported(n_items, receipt.accepted, receipt.duplicates, n_facts, n_links, withdrawn)

    def up_to_date(self, source: str, digest: str) -> bool:
        """Whether a source is there, in the state that ``digest`` was given for."""
        if not self.database.path.exists():
            return False
        with self.database.reading() as connection:
            return provenance.digests(connection).get(source) == digest

    @cached_property
    def knowledge(self) -> Knowledge:
        """What is known, to be derived, reviewed and corrected."""
        from tastegraph.curation.knowledge import Knowledge

        return Knowledge(self.database, self.config, self._answers)

    def describe(self, users: Collection[str] | None = None, limit: int | None = None) -> Described:
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
        from tastegraph.language.asking import Asker
        from tastegraph.language.endpoint import Endpoint
        from tastegraph.learning.describe import describe_interests, describe_items

        asker = Asker(Endpoint(self.config.llm), self._answers)
        if users is not None:
            return describe_interests(self._questions(users, limit), asker)
        busy = f"the items of {self.directory} are being described by another process: wait for it"
        with held(self.directory / "describe.lock", busy):
            return describe_items(self._questions(None, limit), asker, self.directory)

    def plan_describe(self, users: Collection[str] | None = None, limit: int | None = None) -> Plan:
        """What :meth:`describe` would take; nothing is asked.

        Raises:
            NotFoundError: nothing is known of what a person likes.
        """
        from tastegraph.language.asking import plan

        questions = self._questions(users, limit)
        return plan(self.config.llm, list(questions.values()), self._answers)

    def _questions(self, users: Collection[str] | None, limit: int | None) -> dict[str, Question]:
        from tastegraph.learning.describe import interest_questions, item_questions

        if users is None:
            questions = item_questions(self.database, self.config)
        else:
            questions = interest_questions(self.database, self.config, users)
        return dict(islice(questions.items(), limit))

    @cached_property
    def _answers(self) -> Database:
        return Database(self.directory / "answers.db", answers.metadata)

    def record(self, events: Iterable[Event]) -> log.Receipt:
        """Append events; when this returns they are durable, and the next answer knows them.

        Raises:
            BusyError: another process is writing to this workspace.
        """
        with self.database.writing() as connection:
            return log.append(connection, events)

    def build(self, only: Collection[Stage] = STAGES) -> str:
        """Build what is asked for, publish it, and return the version in service.

        With ``only={"graph", "text"}`` new items and facts count at once, ranked by what was
        learned before. Where nothing has changed, nothing is done.

        Raises:
            NotFoundError: something that was not asked for has never been built.
            BusyError: another process is building this workspace.
            TastegraphError: the workspace is empty, or torch is not installed.
        """
        unknown = set(only) - set(STAGES)
        if unknown or not only:
            named = ", ".join(sorted(unknown)) or "none given"
            raise ConfigError(f"no such stage: {named}; there are {', '.join(STAGES)}")
        busy = f"{self.directory} is being built by another process: wait for it"
        with held(self.directory / "build.lock", busy):
            return self._build_if_changed(only)

    def _build_if_changed(self, only: Collection[Stage]) -> str:
        from tastegraph.learning.served import export_for_serving

        inputs, built = self.fingerprint(), self._in_service()
        if built is not None and all(built.manifest["inputs"][stage] == inputs for stage in only):
            export_for_serving(self.directory / built.manifest["encoder_folder"])
            return built.version
        return self._build(only, inputs)

    def _in_service(self) -> Snapshot | None:
        if self.snapshots.current() is None:
            return None
        try:
            return self.snapshots.open()
        except SnapshotError as error:
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
        _need_torch()
        from tastegraph.evaluation.report import evaluate
        from tastegraph.learning.content import interactions_from_store
        from tastegraph.ranking.artefacts import choice_from, content_from

        inputs = self.fingerprint()
        snapshot = self.snapshots.open()
        stale = [stage for stage in STAGES if snapshot.manifest["inputs"][stage] != inputs]
        if stale:
            raise TastegraphError(
                f"{self.directory} has changed since its {', '.join(stale)} was built: "
                "run 'tastegraph build' first"
            )
        content = content_from(snapshot)
        events = interactions_from_store(self.database, content.graph, self.config)
        report = evaluate(content, events, self.config, inputs, choice_from(snapshot))
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

    def recommend(self, who: Who, n: int = 10) -> Recommendations:
        """The best ``n`` items for a user id, or for the events of somebody who has none."""
        return self.engine.recommend(who, n)

    def explain(self, who: Who, item_id: str) -> Explanation:
        """Every reason for and against one item; their shares sum to its score."""
        return self.engine.explain(who, item_id)

    def associate(self, text: str, n: int = 20) -> Associated:
        """What ``text`` is about: the ``n`` nearest items, and up to ``n`` ties to what is known.

        Raises:
            NoEncoderError: the language model of the snapshot in service is not exported.
        """
        return self.engine.associate(text, n)

    def counts(self) -> dict[str, int]:
        """How many items, facts, links, events and users there are."""
        if not self.database.path.exists():
            return dict.fromkeys(("items", "facts", "links", "events", "users"), 0)
        with self.database.reading() as connection:
            return {
                **catalogue.counts(connection),
                "events": log.count(connection),
                "users": log.users(connection),
            }

    def fingerprint(self) -> str:
        """Changes whenever anything changes that a build depends on."""
        with self.database.reading() as connection:
            state = (log.revision(connection), catalogue.revision(connection))
        told = (
            __version__,
            FORMAT,
            self.config.model_dump_json(exclude={"llm", "extraction"}),
            state,
            self._descriptions_digest(),
        )
        return sha256(repr(told).encode("utf-8", "backslashreplace")).hexdigest()

    def _descriptions_digest(self) -> str:
        told = self.config.text.descriptions
        file = self.directory / told if told is not None else None
        return sha256(file.read_bytes()).hexdigest() if file is not None and file.is_file() else ""

    def close(self) -> None:
        """Let another process write."""
        self.database.close()

    def _build(self, stages: Collection[Stage], inputs: str) -> str:
        _need_torch()
        from tastegraph.learning.content import interactions_from_store
        from tastegraph.learning.learn import learn
        from tastegraph.learning.served import export_for_serving
        from tastegraph.ranking.artefacts import learned_from, to_arrays
        from tastegraph.ranking.fit import assemble

        old = None if set(stages) == set(STAGES) else self.snapshots.open()
        content, reader = self._content(stages, old)
        if not content.graph.n_items:
            raise TastegraphError(f"{self.directory} holds no items: run 'tastegraph import' first")
        events = interactions_from_store(self.database, content.graph, self.config)
        if old is None or "model" in stages:
            learned = learn(content, events, self.config)
        else:
            learned = learned_from(old)
        model = assemble(content, events.likes(), learned)
        manifest, arrays = to_arrays(content, learned, model)
        manifest |= {
            "inputs": {
                stage: inputs if old is None or stage in stages else old.manifest["inputs"][stage]
                for stage in STAGES
            },
            "seed": self.config.model.seed,
            **reader,
            "model": _carried(old, "model", made="model" in stages),
            "graph": _carried(old, "graph", made="graph" in stages),
        }
        export_for_serving(self.directory / reader["encoder_folder"])
        version = self.snapshots.publish(manifest, arrays)
        self.snapshots.prune(KEPT_SNAPSHOTS)
        return version

    def _content(
        self, stages: Collection[Stage], old: Snapshot | None
    ) -> tuple[Content, dict[str, Any]]:
        """Graph and texts, each made anew or taken from ``old``; and what read them.

        A network reads the vectors it was trained on: while it stays, so does the language model.
        """
        from tastegraph.knowledge.stored import graph_from_store
        from tastegraph.language.encoder import Encoder
        from tastegraph.learning.content import carried_over, encoded, interactions_from_store
        from tastegraph.learning.teach import teach
        from tastegraph.learning.texts import material, texts_from_store
        from tastegraph.ranking.artefacts import content_from

        before = None if old is None else content_from(old)
        if before is None or "graph" in stages:
            graph = graph_from_store(self.database, self.config)
        else:
            graph = before.graph
        if before is not None and old is not None and "text" not in stages:
            return carried_over(before, graph), {key: old.manifest[key] for key in READER}
        texts = texts_from_store(self.database, graph, self.config, self.directory)
        config, models = self.config, self.directory / "models"
        cache = Database(self.directory / "vectors.db", vectors.metadata)

        def reader_of(folder: Path) -> Encoder:
            return Encoder(folder, config.text.max_tokens, cache)

        kept = None if "model" in stages else old
        asked = config.text.encoder if kept is None else str(kept.manifest["encoder"])
        folder = self._model_folder(asked)
        if kept is None and config.teaching.lessons and graph.n_items:
            events = interactions_from_store(self.database, graph, config)
            lessons = material(texts, graph, events, config)
            folder = teach(
                folder, lessons, config.teaching, config.model.seed, models,
                lambda model, asked: reader_of(model).encode(asked),
            )  # fmt: skip
        encoder = reader_of(folder)
        within = folder.is_relative_to(self.directory)
        place = folder.relative_to(self.directory) if within else folder.absolute()
        name = folder.name if folder.parent == models else asked
        reader = dict(zip(READER, (name, str(place), config.text.max_tokens), strict=True))
        taught = "co-engagement" in config.teaching.lessons
        if kept is not None and before is not None:
            taught = before.taught
        content = encoded(graph, texts, encoder, recited=config.text.facts, taught=taught)
        return content, reader

    def _model_folder(self, name: str) -> Path:
        from tastegraph.language.folders import located

        taught = self.directory / "models" / name
        return taught if taught.is_dir() else located(name, self.directory)


def _carried(old: Snapshot | None, what: str, *, made: bool) -> str | None:
    """The version that ``what`` was built for: ``None`` for the snapshot to come."""
    return None if made or old is None else old.manifest[what] or old.version


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    stream = iter(items)
    while batch := list(islice(stream, statements.BATCH)):
        yield batch


def _need_torch() -> None:
    if find_spec("torch") is None or find_spec("torch_geometric") is None:
        raise TastegraphError("building needs torch: pip install 'tastegraph[train]'")
    # Before torch is loaded: threads that wait by spinning starve every other process.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
