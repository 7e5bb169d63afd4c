"""Erasing a person or an item from a workspace: from its database and from the files beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from tastegraph.language import descriptions
from tastegraph.storage import answers, catalogue, erasure
from tastegraph.storage.database import Database
from tastegraph.storage.erasure import Receipt

Write = Callable[[Callable[[Connection], Receipt]], Receipt]
"""Does a piece of work in a transaction, and returns when it is durable."""


@dataclass(frozen=True)
class Eraser:
    """Erases for good: what was deleted is overwritten where it was.

    Attributes:
        database: the workspace's.
        write: writes to it.
    """

    database: Database
    write: Write

    def user(self, user_id: str) -> Receipt:
        """Delete all there is of a person.

        Raises:
            BusyError: the database is being read all the time; calling again completes it.
        """
        receipt = self.write(partial(erasure.erase_user, user_id=user_id))
        self.database.scrub(user_id)
        return receipt

    def item(self, item_id: str) -> Receipt:
        """Delete an item, what is known of it, and what a language model wrote of it.

        Raises:
            BusyError: as above.
            RowError: the file of descriptions is none; nothing was deleted.
        """
        directory = self.database.path.parent
        with self.database.reading() as connection:
            item = catalogue.item(connection, item_id)
        _forget_description(directory / descriptions.FILE, item_id)
        if item is not None:
            _forget_answers(directory / answers.FILE, item.title)
        receipt = self.write(partial(erasure.erase_item, item_id=item_id))
        self.database.scrub(item_id)
        return receipt


def _forget_description(file: Path, item_id: str) -> None:
    if file.exists():
        descriptions.change_descriptions(
            file, lambda told: {name: text for name, text in told.items() if name != item_id}
        )


def _forget_answers(file: Path, title: str) -> None:
    """Answers are kept by the hash of what was asked: those that name the item go."""
    if not file.exists() or not title.strip():
        return
    database = Database(file, answers.metadata)
    try:
        with database.writing() as connection:
            answers.drop_naming(connection, title)
        database.scrub(title)
    finally:
        database.close()
