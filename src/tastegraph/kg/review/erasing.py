"""Erasure of a user or an item from a workspace: from its database and the files beside it."""

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

RunInTransaction = Callable[[Callable[[Connection], ErasureReceipt]], ErasureReceipt]
"""Runs a function in a write transaction, and returns its result when it is durable."""


@dataclass(frozen=True)
class Eraser:
    """Erases permanently: deleted content is overwritten on disk.

    Attributes:
        database: of the workspace.
        write: runs a function in a write transaction of the database.
        descriptions: a further file of descriptions, relative to the workspace's directory.
    """

    database: Database
    write: RunInTransaction
    descriptions: str | None = None

    def user(self, user_id: str) -> ErasureReceipt:
        """Delete everything about a user, also the stored answers of a language model.

        Raises:
            BusyError: the database is being read all the time; call again to complete the erasure.
        """
        receipt = self.write(partial(erasure.erase_user, user_id=user_id))
        self._delete_answers(USER + user_id)
        self.database.scrub(user_id)
        return receipt

    def item(self, item_id: str) -> ErasureReceipt:
        """Delete an item, its facts, its description and the stored answers about it.

        Raises:
            BusyError: as for :meth:`user`.
            RowError: a file of descriptions is not valid; nothing was deleted.
        """
        with self.database.reading() as connection:
            item = catalogue.get_item(connection, item_id)
        self._delete_description(item_id)
        self._delete_answers(ITEM + item_id, "" if item is None else item.title.strip())
        receipt = self.write(partial(erasure.erase_item, item_id=item_id))
        self.database.scrub(item_id)
        return receipt

    def _delete_description(self, item_id: str) -> None:
        directory = self.database.path.parent
        names = {descriptions.FILE, self.descriptions or descriptions.FILE}
        for file in {(directory / name).resolve() for name in names}:
            if file.exists():
                descriptions.change_descriptions(
                    file,
                    lambda texts: {name: texts[name] for name in texts if name != item_id},
                )

    def _delete_answers(self, subject: str, words: str = "") -> None:
        """Delete stored answers about ``subject``, and those whose question holds ``words``."""
        file = self.database.path.parent / caches.LLM_CACHE_FILE
        if not file.exists():
            return
        database = Database(file, caches.answer_metadata)
        try:
            with database.writing() as connection:
                deleted = caches.delete_answers_about(connection, subject, words)
            if deleted:
                database.rewrite()
            else:
                database.scrub(subject)
        finally:
            database.close()
