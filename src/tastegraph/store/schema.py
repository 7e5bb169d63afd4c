"""The tables of a workspace's database, and the names of its reserved sources.

Some columns have a shorter name in the file than in the code (``key=``): files written by earlier
versions stay readable.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    func,
    literal_column,
)

from tastegraph.core.records import DIFFERENT_FROM, SAME_AS

metadata = MetaData()

events = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("event_id", String, nullable=False, unique=True),
    Column("user_id", String, nullable=False),
    Column("item_id", String, nullable=False),
    Column("type", String, nullable=False),
    Column("value", Float),
    Column("timestamp", Float),
    Column("split", String),
    Column("recommendation_id", String),
    Column("position", Integer),
)
# An event without a time counts as older than any with one, in the order of its arrival.
event_order = (func.coalesce(events.c.timestamp, literal_column("0.0")), events.c.seq)
Index("events_of_user", events.c.user_id, *event_order)

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
)
Index("lists_of_user", lists.c.user_id)
Index("lists_in_time", lists.c.created)

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

CATALOGUE = "catalogue"
"""Source of the facts that item columns state."""
LINKING, MENTIONED, PATTERNS, LANGUAGE_MODEL, FUSION = DERIVED = (
    "linking", "mentions", "patterns", "language model", "fusion",
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
