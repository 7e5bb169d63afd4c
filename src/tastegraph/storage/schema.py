"""The tables of a workspace's database."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    func,
    literal_column,
)

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
in_time = (func.coalesce(events.c.timestamp, literal_column("0.0")), events.c.seq)
Index("events_of_user", events.c.user_id, *in_time)

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
    Column("fact_id", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", String, nullable=False),
    Column("relation", String, nullable=False),
    Column("object", Text, nullable=False),
    Column("literal", Boolean, nullable=False),
    Column("datatype", String, nullable=False),
    Column("language", String, nullable=False),
)

Index("facts_by_subject", facts.c.subject)

evidence = Table(
    "evidence",
    metadata,
    Column("fact_id", BigInteger, ForeignKey("facts.fact_id"), primary_key=True),
    Column("source", String, primary_key=True),
    Column("confidence", Float, nullable=False),
)

links = Table(
    "links",
    metadata,
    Column("item_id", String, primary_key=True),
    Column("entity_id", String, primary_key=True),
    Column("source", String, primary_key=True),
)
