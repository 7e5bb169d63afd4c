"""Wikidata: a JSON dump read as the facts that its "truthy" RDF dump states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from tastegraph.core.errors import RowError
from tastegraph.core.records import Fact
from tastegraph.data.rdf.wikibase import ENTITY, EntityId, Language, object_of
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables.text_files import TRUNCATED, read_lines

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
ALIAS = "http://www.w3.org/2004/02/skos/core#altLabel"
DESCRIPTION = "http://schema.org/description"
DIRECT = "http://www.wikidata.org/prop/direct/"

T = TypeVar("T")
# PHP, which writes the dumps, writes an empty map as an empty list.
_Map = Annotated[
    dict[str, T] | Annotated[list[None], Field(max_length=0)], Field(union_mode="left_to_right")
]


class _Term(BaseModel):
    language: Language
    value: str


class _Value(BaseModel):
    type: str
    value: Any


class _Snak(BaseModel):
    snaktype: Literal["value", "somevalue", "novalue"]
    datatype: str = ""
    datavalue: _Value | None = None


class _Statement(BaseModel):
    mainsnak: _Snak
    rank: Literal["preferred", "normal", "deprecated"]


class _Entity(BaseModel):
    id: EntityId
    labels: _Map[_Term] = {}
    aliases: _Map[list[_Term]] = {}
    descriptions: _Map[_Term] = {}
    claims: _Map[list[_Statement]]


def read_wikidata(path: Path, rejects: RejectedRows) -> Iterator[Fact]:
    """Yield the facts of a dump: one entity on each line, in one JSON array or without it.

    Ids of entities and relations, and values, are those of the RDF dump. Left out are duplicate
    forms of labels (``schema:name``, ``skos:prefLabel``), unknown and missing values, formulae and
    sitelinks. Of each property only the best statements are read: the preferred ones if there are
    any, otherwise the normal ones; never deprecated ones. Language tags are in lower case.

    Raises:
        NotFoundError: the file cannot be opened.
        RowError: a line is not an entity, or the array is not closed, and ``rejects`` raises.
    """
    file = str(path)

    def facts(line: tuple[int, str]) -> list[Fact]:
        number, text = line
        try:
            return list(_facts(_Entity.model_validate_json(text)))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            place = ".".join(str(key) for key in first["loc"]) or None
            reason = f"{place}: {first['msg']}" if place else first["msg"]
        except ValueError as error:
            reason = str(error)
        expected = f"an entity of a Wikidata dump, whole on its line ({reason})"
        raise RowError(file, number, None, text, expected)

    for facts_of_entity in rejects.convert(_entities(path, rejects), facts):
        yield from facts_of_entity


def _entities(path: Path, rejects: RejectedRows) -> Iterator[tuple[int, str]]:
    """Yield the lines with entities, without the brackets and commas of the array."""
    number = 0
    started = opened = closed = False
    for number, line in read_lines(path, rejects):
        text = line.strip()
        if not started and text.startswith("["):
            opened, text = True, text[1:].lstrip()
        if closed and text:
            expected = "nothing after the array of entities"
            rejects.handle(RowError(str(path), number, None, text, expected))
            return
        started = started or opened or bool(text)
        if opened and text.endswith("]"):
            closed, text = True, text[:-1].rstrip()
        if text := text.removesuffix(",").rstrip():
            yield number, text
    if opened and not closed:
        rejects.handle(RowError(str(path), number + 1, None, "the end of the file", TRUNCATED))


def _facts(entity: _Entity) -> Iterator[Fact]:
    subject = ENTITY + entity.id
    labels, descriptions = _values(entity.labels), _values(entity.descriptions)
    aliases = [term for terms in _values(entity.aliases) for term in terms]
    for relation, terms in ((LABEL, labels), (ALIAS, aliases), (DESCRIPTION, descriptions)):
        for term in terms:
            yield Fact(subject, relation, term.value, literal=True, language=term.language)
    for name, statements in entity.claims.items() if isinstance(entity.claims, dict) else ():
        for snak in _best(statements):
            if snak.datavalue is None or snak.snaktype != "value":
                continue
            rdf_object = object_of(snak.datatype, snak.datavalue.type, snak.datavalue.value)
            if rdf_object is not None:
                yield Fact(subject, DIRECT + name, *rdf_object)


def _values(terms: Mapping[str, T] | Sequence[None]) -> list[T]:
    return list(terms.values()) if isinstance(terms, Mapping) else []


def _best(statements: Sequence[_Statement]) -> Iterator[_Snak]:
    ranks = {statement.rank for statement in statements}
    best = "preferred" if "preferred" in ranks else "normal"
    return (statement.mainsnak for statement in statements if statement.rank == best)
