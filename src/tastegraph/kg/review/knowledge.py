"""The knowledge of a workspace: its sources, derivations, review queue and decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tastegraph.core.config import Config
from tastegraph.core.errors import NotFoundError, TastegraphError
from tastegraph.core.progress import announced_stage, announcing, counted, say
from tastegraph.core.records import Fact
from tastegraph.kg.review import decisions
from tastegraph.kg.review.outdated import inputs_digest, outdated_steps
from tastegraph.kg.review.queue import ReviewTask, review_queue
from tastegraph.store import decision_log, provenance, statements
from tastegraph.store.database import Database
from tastegraph.store.decision_log import Decision
from tastegraph.store.provenance import SourceCounts, check_source_names
from tastegraph.store.schema import DERIVED, LANGUAGE_MODEL, PATTERNS, USE

if TYPE_CHECKING:
    from tastegraph.kg.extraction.phrases.proposals import RelationProposal
    from tastegraph.text.llm_batch import UsageEstimate


class KnowledgeBase:
    """The knowledge of one workspace.

    Args:
        database: the store.
        config: of the workspace.
        answers: where the answers of a language model are stored.
    """

    def __init__(self, database: Database, config: Config, answers: Database) -> None:
        self._database, self._config, self._answers = database, config, answers

    def sources(self) -> list[SourceCounts]:
        """Every source with the number of facts and links it supports, by name."""
        if not self._database.path.exists():
            return []
        with self._database.reading() as connection:
            return provenance.sources(connection)

    def outdated(self) -> list[str]:
        """The derivation steps whose facts are of an earlier state, in their order.

        Sources, texts, decisions or the configuration have changed since, or a step before them
        was run again.
        """
        if not self._database.path.exists():
            return []
        with self._database.reading() as connection:
            return outdated_steps(connection, self._config)

    def forget(self, source: str) -> int:
        """Remove a source: the rest is as if it had never been imported.

        Derived facts are derived again from the remaining sources.

        Returns:
            Number of facts and links that it alone stated; those that another source supports, or
            a derivation, are not among them.

        Raises:
            NotFoundError: no source has this name.
            ConfigError: it is the catalogue, which follows ``tastegraph.toml``, or the decisions
                of people, which are undone one by one.
            BusyError: another process is writing to this workspace.
        """
        if source not in (*DERIVED, USE):
            check_source_names([source])
        names = [name for name, _, _ in self.sources()]
        if source not in names:
            raise NotFoundError(
                f"{self._database.path.parent} has no source {source!r}; it has "
                f"{', '.join(names) or 'none'}"
            )
        with self._database.reading() as connection:
            runs = provenance.digests(connection)
        steps = [] if source in (*DERIVED, USE) else [step for step in DERIVED if step in runs]
        with self._database.writing() as connection:
            provenance.withdraw_source(connection, source)
            deleted = provenance.drop_unsupported(connection)
            for step in steps:
                provenance.withdraw_source(connection, step)
            provenance.drop_unsupported(connection)
        for step in steps:
            try:
                self.derive(step)
            except TastegraphError as error:
                if step != LANGUAGE_MODEL:
                    raise
                say(
                    f"language model: its facts are withdrawn and not derived again: {error}; "
                    """'tastegraph kg derive "language model"' does"""
                )
        return deleted

    def derive(self, step: str) -> int:
        """Run one derivation and replace the facts of its last run. Returns the number of facts.

        Args:
            step: ``linking`` (which entity an item is), ``mentions`` (which entities its text
                names), ``topics`` (what several texts speak of), ``patterns`` and ``language
                model`` (facts in its text), or ``fusion`` (which entities are one). Each uses what
                sources, people and the steps before it state.

        Raises:
            NotFoundError: there is no such step.
            BusyError: another process is writing to this workspace.
        """
        # Imported here: what only looks needs nothing that learns.
        from tastegraph.core.fact_columns import fact_frames
        from tastegraph.kg.review.inputs import DerivationInputs
        from tastegraph.kg.review.steps import derivations

        if step not in DERIVED:
            raise NotFoundError(f"no such step: {step!r}; there are {', '.join(DERIVED)}")
        with announcing(), announced_stage(f"{step}: from what is known"):
            with self._database.reading() as connection:
                folder = self._database.path.parent
                inputs = DerivationInputs(connection, self._config, step, folder)
                state = inputs_digest(connection, self._config)
                frames = list(fact_frames(derivations(self._answers)[step](inputs)))
            # Until here nothing is written: whoever interrupts it finds what was there before.
            with self._database.writing() as connection:
                provenance.withdraw_source(connection, step)
                statements.put_facts(connection, counted(step, frames), step)
                provenance.stamp(connection, step, state)
                provenance.drop_unsupported(connection)
                return provenance.fact_count(connection, step)

    def renew(self) -> None:
        """Repeat all derivations that were run before, for new texts and entities.

        The language model is not asked again, because that costs money.

        Raises:
            BusyError: another process is writing to this workspace.
        """
        with self._database.reading() as connection:
            sources = provenance.digests(connection)
        for step in DERIVED:
            if step in sources and step != LANGUAGE_MODEL:
                self.derive(step)

    def plan(self) -> UsageEstimate:
        """Requests, tokens and cost of reading all texts with the language model."""
        from tastegraph.kg.review.inputs import DerivationInputs
        from tastegraph.kg.review.language_model import plan_llm_extraction

        with self._database.reading() as connection:
            inputs = DerivationInputs(connection, self._config, LANGUAGE_MODEL)
            return plan_llm_extraction(inputs, self._answers)

    def propose_relations(self) -> list[RelationProposal]:
        """Relations that the texts of items state often; nothing is stored.

        Raises:
            NotFoundError: no item has a text.
        """
        from tastegraph.kg.extraction.phrases.proposals import propose_relations
        from tastegraph.kg.review.inputs import DerivationInputs
        from tastegraph.kg.review.schema import name_reader, recognised_kinds

        with self._database.reading() as connection:
            inputs = DerivationInputs(connection, self._config, PATTERNS)
            documents = list(inputs.documents())
            if not documents:
                raise NotFoundError(
                    f"{self._database.path.parent} has no item with a text: import items with "
                    "texts, from which relations can be proposed"
                )
            return propose_relations(
                documents,
                name_reader(inputs, documents),
                recognised_kinds(inputs, documents),
                self._config.relations,
            )

    def review_queue(self, n: int = 20) -> list[ReviewTask]:
        """The facts whose review would change most, the first ones first."""
        with self._database.reading() as connection:
            return review_queue(connection, self._config, n)

    def decisions(self) -> list[Decision]:
        """The decisions of people, the newest first."""
        with self._database.reading() as connection:
            return decision_log.log(connection)

    def accept(self, fact_id: int, author: str) -> int:
        """See :func:`tastegraph.kg.review.decisions.accept`."""
        with self._database.writing() as connection:
            return decisions.accept(connection, fact_id, author)

    def reject(self, fact_id: int, author: str) -> int:
        """See :func:`tastegraph.kg.review.decisions.reject`."""
        with self._database.writing() as connection:
            return decisions.reject(connection, fact_id, author)

    def edit(self, fact_id: int, new: Fact, author: str) -> int:
        """See :func:`tastegraph.kg.review.decisions.edit`."""
        with self._database.writing() as connection:
            return decisions.edit(connection, fact_id, new, author)

    def add(self, new: Fact, author: str) -> int:
        """See :func:`tastegraph.kg.review.decisions.add`."""
        with self._database.writing() as connection:
            return decisions.add(connection, new, author)

    def merge(self, left_id: str, right_id: str, author: str) -> int:
        """See :func:`tastegraph.kg.review.decisions.merge`."""
        with self._database.writing() as connection:
            return decisions.merge(connection, left_id, right_id, author)

    def split(self, left_id: str, right_id: str, author: str) -> int:
        """See :func:`tastegraph.kg.review.decisions.split`."""
        with self._database.writing() as connection:
            return decisions.split(connection, left_id, right_id, author)

    def undo(self, seq: int, author: str) -> Decision:
        """See :func:`tastegraph.kg.review.decisions.undo`."""
        with self._database.writing() as connection:
            return decisions.undo(connection, seq, author)
