"""What a workspace knows: derived from what is stated, reviewed and corrected by people."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tastegraph.core.config import Config
from tastegraph.core.errors import NotFoundError
from tastegraph.core.progress import counted, say
from tastegraph.core.records import Fact
from tastegraph.kg.review import decisions, derivation
from tastegraph.kg.review.derivation import by_patterns, fused, linked, mentions
from tastegraph.kg.review.inputs import Inputs
from tastegraph.kg.review.queue import Question, questions
from tastegraph.store import catalogue, decision_log, provenance, statements
from tastegraph.store.database import Database
from tastegraph.store.decision_log import Decision
from tastegraph.store.provenance import Source, check_source_names
from tastegraph.store.schema import (
    DERIVED,
    FUSION,
    LANGUAGE_MODEL,
    LINKING,
    MENTIONED,
    PATTERNS,
    USE,
)
from tastegraph.text.llm_batch import UsageEstimate

Derive = Callable[[Inputs], Iterable[Fact]]


class Knowledge:
    """The knowledge of one workspace.

    Args:
        database: the store.
        config: the workspace's.
        answers: where a language model's answers are kept.
    """

    def __init__(self, database: Database, config: Config, answers: Database) -> None:
        self._database, self._config, self._answers = database, config, answers
        self._steps: dict[str, Derive] = {
            LINKING: linked,
            MENTIONED: mentions,
            PATTERNS: by_patterns,
            LANGUAGE_MODEL: derivation.reader(answers),
            FUSION: fused,
        }

    def sources(self) -> list[Source]:
        """Every source with how many facts and links it supports, by name."""
        if not self._database.path.exists():
            return []
        with self._database.reading() as connection:
            return provenance.sources(connection)

    def forget(self, source: str) -> int:
        """Remove a source: what remains is as if it had never been imported.

        What was derived is derived anew from what is left.

        Returns:
            How many facts and links went; those that another source supports stay.

        Raises:
            NotFoundError: no such source supports anything.
            ConfigError: it is the catalogue, which states what ``tastegraph.toml`` says it does,
                or people, whose decisions are taken back one by one.
            BusyError: another process is writing to this workspace.
        """
        if source not in (*DERIVED, USE):
            check_source_names([source])
        known = [name for name, _, _ in self.sources()]
        if source not in known:
            raise NotFoundError(
                f"{self._database.path.parent} has no source {source!r}; it has "
                f"{', '.join(known) or 'none'}"
            )
        again = [] if source in (*DERIVED, USE) else [step for step in DERIVED if step in known]
        before = self._size()
        with self._database.writing() as connection:
            for name in (source, *again):
                provenance.withdraw_source(connection, name)
            provenance.drop_unsupported(connection)
        for step in again:
            self.derive(step)
        return before - self._size()

    def derive(self, step: str) -> int:
        """State anew what follows from what is known. Returns how many facts that are.

        Args:
            step: ``linking`` (which entity an item is), ``mentions`` (which entities its text
                names), ``patterns`` and ``language model`` (what its text says of them), or
                ``fusion`` (which entities are one). Each uses what the sources, people and the
                steps before it state, and replaces what it stated itself.

        Raises:
            NotFoundError: there is no such step.
            BusyError: another process is writing to this workspace.
        """
        if step not in self._steps:
            raise NotFoundError(f"no such step: {step!r}; there are {', '.join(self._steps)}")
        say(f"{step}: from what is known")
        with self._database.reading() as connection:
            found = list(self._steps[step](Inputs(connection, self._config, step)))
        with self._database.writing() as connection:
            provenance.withdraw_source(connection, step)
            number = statements.put_facts(connection, counted(step, found), step)
            provenance.stamp(connection, step)
            provenance.drop_unsupported(connection)
        return number

    def renew(self) -> None:
        """Derive anew what was derived before, so that new texts and entities state what they do.

        What a language model reads is left as it is: to ask it costs.

        Raises:
            BusyError: another process is writing to this workspace.
        """
        with self._database.reading() as connection:
            before = provenance.digests(connection)
        for step in DERIVED:
            if step in before and step != LANGUAGE_MODEL:
                self.derive(step)

    def plan(self) -> UsageEstimate:
        """What reading all texts with the language model would take; nothing is asked."""
        with self._database.reading() as connection:
            inputs = Inputs(connection, self._config, LANGUAGE_MODEL)
            return derivation.planned(inputs, self._answers)

    def questions(self, n: int = 20) -> list[Question]:
        """The facts on which a person's answer would change most, the first ones first."""
        with self._database.reading() as connection:
            return questions(connection, self._config, n)

    def decisions(self) -> list[Decision]:
        """What people decided, the newest first."""
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

    def merge(self, one: str, other: str, author: str) -> int:
        """See :func:`tastegraph.kg.review.decisions.merge`."""
        with self._database.writing() as connection:
            return decisions.merge(connection, one, other, author)

    def split(self, one: str, other: str, author: str) -> int:
        """See :func:`tastegraph.kg.review.decisions.split`."""
        with self._database.writing() as connection:
            return decisions.split(connection, one, other, author)

    def undo(self, seq: int, author: str) -> Decision:
        """See :func:`tastegraph.kg.review.decisions.undo`."""
        with self._database.writing() as connection:
            return decisions.undo(connection, seq, author)

    def _size(self) -> int:
        with self._database.reading() as connection:
            return sum(catalogue.counts(connection).values())
