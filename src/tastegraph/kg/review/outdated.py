"""Which derived facts are of an earlier state: of sources, texts, decisions or configuration."""

from __future__ import annotations

import json
from hashlib import blake2b

from sqlalchemy import Connection, select

from tastegraph.core.config import Config
from tastegraph.core.progress import say
from tastegraph.store import revision
from tastegraph.store.schema import DERIVED, LANGUAGE_MODEL, sources

_SECTIONS = ("graph", "sources", "extraction")
"""What derivations follow of the configuration, besides the relations."""
_WORDING = {"phrase", "phrase_zh"}


def inputs_digest(connection: Connection, config: Config) -> str:
    """What a derivation started from: the number of changes so far, and the configuration.

    The state is that of the transaction of ``connection``. An import of what is known already is a
    change too.
    """
    settings = {name: getattr(config, name).model_dump() for name in _SECTIONS}
    settings["relations"] = {
        name: relation.model_dump(exclude=_WORDING) for name, relation in config.relations.items()
    }
    words = json.dumps(settings, sort_keys=True, default=str)
    digest = blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{revision.stated_count(connection)}:{digest}"


def outdated_steps(connection: Connection, config: Config) -> list[str]:
    """The steps whose facts might be others if they were derived now, in their order.

    That is so where anything else than derived facts, or the configuration, has changed since, and
    where a step before it was run later. Of steps that an earlier version ran nothing is known.
    """
    runs = {row.source: row for row in connection.execute(select(sources)) if row.digest}
    current = inputs_digest(connection, config)
    outdated: list[str] = []
    latest = 0.0
    for step in DERIVED:
        if step in runs:
            if runs[step].digest != current or runs[step].imported < latest:
                outdated.append(step)
            latest = max(latest, runs[step].imported)
    return outdated


def report_outdated(connection: Connection, config: Config) -> None:
    """Say which derived facts are of an earlier state, and what renews them."""
    steps = outdated_steps(connection, config)
    if steps:
        commands = ["'tastegraph kg derive'"] if set(steps) != {LANGUAGE_MODEL} else []
        if LANGUAGE_MODEL in steps:
            commands.append("""'tastegraph kg derive "language model"'""")
        say(
            f"derived facts are of an earlier state ({', '.join(steps)}): sources, texts, "
            f"decisions or the configuration have changed since; {' and '.join(commands)} "
            "renews them"
        )
