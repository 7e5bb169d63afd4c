"""Erasing a person or an item from a workspace: from its database and from the files beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from tastegraph.core.records import ITEM, USER
from tastegraph.store import caches, catalogue, erasure
from tastegraph.store.database import Database
from tastegraph.store.erasure import ErasureReceipt
from tastegraph.text import descriptions

Write = Callable[[Callable[[Connection], ErasureReceipt]], ErasureReceipt]
"""Does a piece of work in a transaction, and returns when it is durable."""


@dataclass(frozen=True)
class Eraser:
    """Erases for good: what was deleted is overwritten where it was.

    Attributes:
        database: the workspace's.
        write: writes to it.
        descriptions: a file of descriptions beside the workspace's own, seen from the workspace.
    """

    database: Database
    write: Write
    descriptions: str | None = None

    def user(self, user_id: str) -> ErasureReceipt:
        """Delete all there is of a person, and what a language model wrote of them.

        Raises:
            BusyError: the database is being read all the time; calling again completes it.
        """
        receipt = self.write(partial(erasure.erase_user, user_id=user_id))
        self._forget_answers(USER + user_id)
        self.database.scrub(user_id)
        return receipt

    def item(self, item_id: str) -> ErasureReceipt:
        """Delete an item, what is known of it, and what a language model wrote of it.

        Raises:
            BusyError: as above.
            RowError: a file of descriptions is none; nothing was deleted.
        """
        with self.database.reading() as connection:
            item = catalogue.get_item(connection, item_id)
        self._forget_descriptions(item_id)
        self._forget_answers(ITEM + item_id, "" if item is None else item.title.strip())
        receipt = self.write(partial(erasure.erase_item, item_id=item_id))
        self.database.scrub(item_id)
        return receipt

    def _forget_descriptions(self, item_id: str) -> None:
        directory = self.database.path.parent
        names = {descriptions.FILE, self.descriptions or descriptions.FILE}
        for file in {(directory / name).resolve() for name in names}:
            if file.exists():
                descriptions.change_descriptions(
                    file, lambda told: {name: told[name] for name in told if name != item_id}
                )

    def _forget_answers(self, subject: str, words: str = "") -> None:
        """Answers are kept by the hash of what was asked, and who it was about beside it."""
        file = self.database.path.parent / caches.LLM_CACHE_FILE
        if not file.exists():
            return
        database = Database(file, caches.answer_metadata)
        try:
            with database.writing() as connection:
                dropped = caches.delete_answers_about(connection, subject, words)
            if dropped:
                database.rewrite()
            else:
                database.scrub(subject)
        finally:
            database.close()
