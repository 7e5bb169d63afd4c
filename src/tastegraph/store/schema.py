"""The tables of a workspace's database, and the names of its reserved sources.

Some columns have a shorter name in the file than in the code (``key=``): files written by earlier
versions stay readable.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    event,
    func,
    inspect,
    literal_column,
)
from sqlalchemy.schema import CreateIndex

from tastegraph.core.progress import say
from tastegraph.core.records import DIFFERENT_FROM, SAME_AS, event_key

metadata = MetaData()

event_users = Table(  # the ids of users who have events, each once
    "event_users",
    metadata,
    Column("user", Integer, primary_key=True),
    Column("user_id", String, nullable=False, unique=True),
)

event_items = Table(  # what events are on: ids of items, and ENTITY + the id of an entity
    "event_items",
    metadata,
    Column("item", Integer, primary_key=True),
    Column("item_id", String, nullable=False, unique=True),
)

users = Table(  # what is known of users beside their events
    "users",
    metadata,
    Column("user_id", String, primary_key=True),
    Column("attributes", JSON, nullable=False),
    Column("comment", Text, nullable=False),
)

event_types = Table(
    "event_types",
    metadata,
    Column("type", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
)

event_sources = Table(  # the files that events came from
    "event_sources",
    metadata,
    Column("source", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("imported", Float, nullable=False),
)

event_log = Table(
    "event_log",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("event_id", LargeBinary, nullable=False),  # event_key of the id
    Column("user", Integer, nullable=False),
    Column("item", Integer, nullable=False),
    Column("type", Integer, nullable=False),
    Column("value", Float),
    Column("timestamp", Float),
    Column("split", Integer),  # index in SPLITS
    Column("recommendation_id", String),
    Column("position", Integer),
    Column("source", Integer),
    sqlite_autoincrement=True,  # a number is never used again: it is a revision of the log
)
# An event without a time counts as older than any with one, in the order of its arrival.
EVENT_IDS = Index("event_ids", event_log.c.event_id, unique=True)
EVENTS_BY_USER = Index(
    "events_by_user",
    event_log.c.user,
    func.coalesce(event_log.c.timestamp, literal_column("0.0")),
    event_log.c.seq,
)
EVENTS_BY_ITEM = Index("events_by_item", event_log.c.item)
EVENT_INDEXES = (EVENT_IDS, EVENTS_BY_USER, EVENTS_BY_ITEM)

events = Table(  # a view of the log with ids and names in place of numbers
    "events",
    MetaData(),
    Column("seq", Integer),
    Column("event_id", String),
    Column("user_id", String),
    Column("item_id", String),
    Column("type", String),
    Column("value", Float),
    Column("timestamp", Float),
    Column("split", String),
    Column("recommendation_id", String),
    Column("position", Integer),
)
event_order = (func.coalesce(events.c.timestamp, literal_column("0.0")), events.c.seq)
_EVENTS_VIEW = """
CREATE VIEW IF NOT EXISTS events AS
SELECT
    event_log.seq AS seq,
    CASE substr(event_log.event_id, 1, 1)
        WHEN x'00' THEN lower(hex(substr(event_log.event_id, 2)))
        ELSE CAST(event_log.event_id AS TEXT)
    END AS event_id,
    event_users.user_id AS user_id,
    event_items.item_id AS item_id,
    event_types.name AS type,
    event_log.value AS value,
    event_log.timestamp AS timestamp,
    CASE event_log.split WHEN 0 THEN 'train' WHEN 1 THEN 'valid' WHEN 2 THEN 'test' END AS split,
    event_log.recommendation_id AS recommendation_id,
    event_log.position AS position
FROM event_log
JOIN event_users ON event_users.user = event_log.user
JOIN event_items ON event_items.item = event_log.item
JOIN event_types ON event_types.type = event_log.type
"""


@event.listens_for(metadata, "after_create")
def _create_view(_target: MetaData, connection: Connection, **_options: object) -> None:
    """Create the view of events, and an index that a file of an earlier version lacks.

    A table of events, of earlier versions, goes into the log.
    """
    run = connection.exec_driver_sql
    query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'events'"
    if run(query).scalar():
        say("the event log of an earlier version is converted, once")
        sqlite: Any = connection.connection.driver_connection
        sqlite.create_function("event_key", 1, event_key, deterministic=True)
        run("INSERT INTO event_users (user_id) SELECT DISTINCT user_id FROM events")
        run("INSERT INTO event_items (item_id) SELECT DISTINCT item_id FROM events")
        run("INSERT INTO event_types (name) SELECT DISTINCT type FROM events")
        run(
            "INSERT INTO event_log (seq, event_id, user, item, type, value, timestamp, split, "
            "recommendation_id, position) SELECT seq, event_key(event_id), "
            "(SELECT user FROM event_users AS u WHERE u.user_id = events.user_id), "
            "(SELECT item FROM event_items AS i WHERE i.item_id = events.item_id), "
            "(SELECT type FROM event_types AS t WHERE t.name = events.type), value, timestamp, "
            "CASE split WHEN 'train' THEN 0 WHEN 'valid' THEN 1 WHEN 'test' THEN 2 END, "
            "recommendation_id, position FROM events ORDER BY seq"
        )
        run("DROP TABLE events")
    run(_EVENTS_VIEW)
    connection.execute(CreateIndex(EVENTS_BY_ITEM, if_not_exists=True))


lists = Table(  # recommendation lists that were served
    "lists",
    metadata,
    Column("recommendation_id", String, primary_key=True),
    Column("user_id", String),
    Column("made", Float, key="created", nullable=False),
    Column("snapshot", String, nullable=False),
    Column("model", String, nullable=False),
    Column("graph", String, nullable=False),
    Column("known", Integer, key="event_revision", nullable=False),
    Column("asked", JSON, key="request", nullable=False),
    Column("places", JSON, nullable=False),
    Column("experiment", String),
    Column("variant", String),
)
Index("lists_of_user", lists.c.user_id)
Index("lists_in_time", lists.c.created)
LISTS_BY_EXPERIMENT = Index(
    "lists_by_experiment",
    lists.c.experiment,
    lists.c.created,
    sqlite_where=lists.c.experiment.is_not(None),
)


@event.listens_for(metadata, "after_create")
def _add_experiments(_target: MetaData, connection: Connection, **_options: object) -> None:
    """Add the columns that the lists of a file of an earlier version lack."""
    columns = {column["name"] for column in inspect(connection).get_columns(lists.name)}
    for column in (lists.c.experiment, lists.c.variant):
        if column.name not in columns:
            connection.exec_driver_sql(f"ALTER TABLE lists ADD COLUMN {column.name} VARCHAR")
    connection.execute(CreateIndex(LISTS_BY_EXPERIMENT, if_not_exists=True))


erasures = Table(
    "erasures",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)

erased_items = Table(
    "erased_items",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    Column("what", String, primary_key=True),
    Column("number", Integer, nullable=False),
)

items = Table(
    "items",
    metadata,
    Column("item_id", String, primary_key=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("attributes", JSON, nullable=False),
)

item_changes = Table(  # the revision of the catalogue at which an item was put last
    "item_changes",
    metadata,
    Column("item_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    sqlite_with_rowid=False,
)
Index("items_by_revision", item_changes.c.revision)

item_availability = Table(  # the items that may not be listed, or not at all times
    "item_availability",
    metadata,
    Column("item_id", String, primary_key=True),
    Column("delisted", Boolean, nullable=False),
    Column("hidden", Boolean, nullable=False),
    Column("available_from", Float, key="start"),
    Column("available_until", Float, key="end"),
)

entity_names = Table(  # the entities that item columns name
    "entity_names",
    metadata,
    Column("entity", String, primary_key=True),
    Column("name", Text, nullable=False),
    Column("key", Text, nullable=False),  # equal for spellings of one name
    sqlite_with_rowid=False,
)
Index("entities_by_spelling", entity_names.c.key)

facts = Table(
    "facts",
    metadata,
    Column("fact_id", Integer, primary_key=True, autoincrement=False),
    Column("subject", String, nullable=False),
    Column("relation", String, nullable=False),
    Column("object", Text, nullable=False),
    Column("literal", Boolean, nullable=False),
    Column("datatype", String, nullable=False),
    Column("language", String, nullable=False),
)

BY_SUBJECT = Index("facts_by_subject", facts.c.subject)
Index(
    "identities",
    facts.c.relation,
    sqlite_where=facts.c.relation.in_([SAME_AS, DIFFERENT_FROM]),
)

evidence = Table(
    "evidence",
    metadata,
    Column("fact_id", Integer, ForeignKey("facts.fact_id"), primary_key=True),
    Column("source", String, primary_key=True),
    Column("document", String, primary_key=True),
    Column("start", Integer, primary_key=True, autoincrement=False),
    Column("end", Integer, nullable=False),
    Column("extractor", String, nullable=False),
    Column("confidence", Float, nullable=False),
    sqlite_with_rowid=False,
)

quotes = Table(  # words that a client gave as evidence, which no item's text has
    "quotes",
    metadata,
    Column("document", String, primary_key=True),  # as in the evidence
    Column("fact_id", Integer, primary_key=True, autoincrement=False),
    Column("source", String, primary_key=True),
    Column("text", Text, nullable=False),
    sqlite_with_rowid=False,
)

jobs = Table(  # what a service does in the background
    "jobs",
    metadata,
    Column("job_id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String, nullable=False),
    Column("cause", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("ended", Float),
    Column("progress", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("snapshot", String),
)

CATALOGUE = "catalogue"
"""Source of the facts that item columns state."""
LINKING, MENTIONED, TOPICS, PATTERNS, LANGUAGE_MODEL, FUSION = DERIVED = (
    "linking", "mentions", "topics", "patterns", "language model", "fusion",
)  # fmt: skip
"""Sources of the facts that are derived from those of other sources, in the order of derivation."""
USE = "use"
"""Source of the facts about items that are counted from events, anew at every retraining."""
REVIEW = "people"
"""Source of the facts that reviewers affirm."""

sources = Table(
    "sources",
    metadata,
    Column("source", String, primary_key=True),
    Column("imported", Float, nullable=False),
    Column("digest", String, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("kind", String, nullable=False),
    Column("author", String, nullable=False),
    Column("made", Float, key="decided", nullable=False),
    Column("undone", Float),
    Column("undone_by", String),
)

votes = Table(
    "votes",
    metadata,
    Column("user_id", String, primary_key=True),
    Column("fact_id", Integer, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),
)
Index("votes_on_fact", votes.c.fact_id)

verdicts = Table(
    "verdicts",
    metadata,
    Column("fact_id", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, ForeignKey("decisions.seq"), primary_key=True, autoincrement=False),
    Column("affirmed", Boolean, nullable=False),
    Column("fact", JSON, nullable=False),
)

wishes = Table(  # what users want of their lists until it expires, in an append-only log
    "wishes",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("user_id", String, nullable=False),
    Column("target", String, nullable=False),
    Column("chip", JSON(none_as_null=True)),  # null where the wish was withdrawn
    Column("decided", Float, nullable=False),
    Column("expires", Float),
    Column("undone", Float),
)
Index("wishes_of_user", wishes.c.user_id, wishes.c.target)
