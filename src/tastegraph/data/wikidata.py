"""Wikidata: the entities of a JSON dump, as the facts that its "truthy" RDF dump states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from tastegraph.core.errors import RowError
from tastegraph.core.records import Fact
from tastegraph.data.lines import CUT_SHORT, read_lines
from tastegraph.data.rejects import Rejects
from tastegraph.data.wikibase import ENTITY, EntityId, Language, object_of

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
ALIAS = "http://www.w3.org/2004/02/skos/core#altLabel"
DESCRIPTION = "http://schema.org/description"
DIRECT = "http://www.wikidata.org/prop/direct/"

T = TypeVar("T")
# What PHP writes for a map without entries is a list without any.
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


def read_wikidata(path: Path, rejects: Rejects) -> Iterator[Fact]:
    """Yield the facts of a dump: one entity on each line, in one JSON array or without it.

    The ids of entities and relations are those of the RDF dump, and values are as there; of it
    are left out what has a further, equal form (``schema:name``, ``skos:prefLabel``), unknown
    and no values, formulae, and sitelinks. Of each property only the best statements count: those
    preferred, where there are any, or else the normal ones; deprecated ones never do.
    Languages keep the dump's tags, in lower case.

    Raises:
        NotFoundError: the file cannot be opened.
        RowError: a line is no entity, or the array does not end, and ``rejects`` raises.
    """
    file = str(path)

    def facts(line: tuple[int, str]) -> list[Fact]:
        number, text = line
        try:
            return list(_facts(_Entity.model_validate_json(text)))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or None
            reason = f"{where}: {first['msg']}" if where else first["msg"]
        except ValueError as error:
            reason = str(error)
        wanted = f"an entity of a Wikidata dump, whole on its line ({reason})"
        raise RowError(file, number, None, text, wanted)

    for stated in rejects.keep(_entities(path, rejects), facts):
        yield from stated


def _entities(path: Path, rejects: Rejects) -> Iterator[tuple[int, str]]:
    """The lines that hold entities, without what makes an array of them."""
    number = 0
    begun = opened = closed = False
    for number, line in read_lines(path, rejects):
        text = line.strip()
        if not begun and text.startswith("["):
            opened, text = True, text[1:].lstrip()
        if closed and text:
            wanted = "nothing after the array of entities"
            rejects.handle(RowError(str(path), number, None, text, wanted))
            return
        begun = begun or opened or bool(text)
        if opened and text.endswith("]"):
            closed, text = True, text[:-1].rstrip()
        if text := text.removesuffix(",").rstrip():
            yield number, text
    if opened and not closed:
        rejects.handle(RowError(str(path), number + 1, None, "the end of the file", CUT_SHORT))


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
            found = object_of(snak.datatype, snak.datavalue.type, snak.datavalue.value)
            if found is not None:
                yield Fact(subject, DIRECT + name, *found)


def _values(terms: Mapping[str, T] | Sequence[None]) -> list[T]:
    return list(terms.values()) if isinstance(terms, Mapping) else []


def _best(statements: Sequence[_Statement]) -> Iterator[_Snak]:
    ranks = {statement.rank for statement in statements}
    best = "preferred" if "preferred" in ranks else "normal"
    return (statement.mainsnak for statement in statements if statement.rank == best)
