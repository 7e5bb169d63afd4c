"""Forms: the name or value that an annotation has for the words of a sentence, by relation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from tastegraph.kg.extraction.annotated.alignment import AlignedSentence, plain_name
from tastegraph.kg.extraction.annotated.relations import Schema
from tastegraph.kg.extraction.annotated.tokens import letters
from tastegraph.kg.extraction.annotated.values import only_date, only_number
from tastegraph.kg.names import split_qualifier

Form = tuple[str, str]
"""How words are rendered, and a template around them."""
_Role = tuple[str, str, Schema | None]
PLACE = "{}"
MAX_FORMS = 6
CURRENCIES = "$€£¥ "


class ArgumentForms:
    """Learned forms of arguments.

    An argument that annotated sentences have is written as they have it, in this relation or else
    anywhere: *US* is *United_States*. Any other one takes the form that most arguments of its
    relation have that can be made of its words: a number with ``.0``, a day as ``1944-07-28``, a
    unit, a qualifier or quotation marks around it, or the words themselves. Forms are those of
    sentences with the same schema, or else of all; each name counts once.

    Args:
        sentences: with their facts.
        schemas: the relations that each may state.

    Attributes:
        values: the relations whose objects are mostly numbers, days or quoted words.
    """

    def __init__(self, sentences: Sequence[AlignedSentence], schemas: Sequence[Schema]) -> None:
        self._objects: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._names: dict[str, Counter[str]] = defaultdict(Counter)
        uses: dict[_Role, dict[Form, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._day_first = 0
        for sentence, schema in zip(sentences, schemas, strict=True):
            for triple in sentence.triples:
                name = triple.subject_name
                for words in {sentence.tokens.written(*run) for run in triple.subject}:
                    self._names[letters(words)][name] += 1
                    for form in _forms_of(words, name):
                        uses["subject", triple.relation, schema][form].add(name)
                        uses["subject", triple.relation, None][form].add(name)
                name = triple.object_name
                for run in triple.object:
                    words = sentence.tokens.written(*run).strip(CURRENCIES)
                    key = letters(words)
                    self._objects[triple.relation, key][name] += 1
                    self._names[key][name] += 1
                    self._day_first += _day_first(words, name)
                    for form in _forms_of(words, name):
                        uses["object", triple.relation, schema][form].add(name)
                        uses["object", triple.relation, None][form].add(name)
                        uses["object", "", None][form].add(name)
        self._forms = {
            role: sorted(names, key=lambda form: (-len(names[form]), form))[:MAX_FORMS]
            for role, names in uses.items()
        }
        self.values = frozenset(
            relation
            for relation, counts in _objects_by_relation(sentences).items()
            if 2 * sum(count for name, count in counts.items() if _is_value(name)) > counts.total()
        )

    def subject(self, relation: str, words: str, schema: Schema) -> str:
        """The name of a subject of ``relation``."""
        known = self._known(self._names.get(letters(words)))
        return known or self._from_forms("subject", relation, words, schema)

    def object(self, relation: str, words: str, schema: Schema) -> str:
        """The name or value of an object of ``relation``."""
        words = words.strip(CURRENCIES) or words
        if only_number(words) is None and only_date(words) is None:
            key = letters(words)
            known = self._known(self._objects.get((relation, key)))
            if name := known or self._known(self._names.get(key)):
                return name
        return self._from_forms("object", relation, words, schema)

    def _from_forms(self, role: str, relation: str, words: str, schema: Schema) -> str:
        """The words in the most frequent form that can be made of them."""
        rendered = dict(_renderings(words, self._day_first > 0))
        is_value = len(rendered) > 1
        for place in ((role, relation, schema), (role, relation, None), (role, "", None)):
            for kind, template in self._forms.get(place, ()):
                if kind in rendered and (kind != "words" or not is_value):
                    return template.replace(PLACE, rendered[kind])
        return rendered.get("day", words)

    @staticmethod
    def _known(counts: Counter[str] | None) -> str | None:
        """The most frequent name, the first in the alphabet of equals."""
        return min(counts, key=lambda name: (-counts[name], name)) if counts else None


def _renderings(words: str, day_first: bool) -> Iterator[tuple[str, str]]:
    """Every way to write the words that an annotation may have, by its kind."""
    if (day := only_date(words)) is not None:
        yield "day", str(day.days[-1 if day_first else 0])
    if (number := only_number(words)) is not None:
        value = number.value
        if value == int(value):
            sign = "−" if value < 0 else ""
            yield "integer", str(int(value))
            yield "signed", f"{sign}{abs(int(value))}"
        yield "decimal", f"{value:.1f}" if value == int(value) else repr(value)
    yield "words", words


def _forms_of(words: str, name: str) -> Iterator[tuple[str, str]]:
    """The kinds of writing and the templates that make ``name`` of ``words``."""
    for day_first in (False, True):
        for kind, written in _renderings(words, day_first):
            if kind != "words" and written and name.count(written) == 1:
                rest = name.replace(written, PLACE)
                if not any(c.isdigit() for c in rest):
                    yield kind, rest
    base, qualifier = split_qualifier(plain_name(name))
    for whole, after in ((plain_name(name), ""), (base, f"_({qualifier})")):
        if letters(words) == letters(whole):
            quoted = name.startswith('"') and name.endswith('"')
            yield "words", f'"{PLACE}"' if quoted else f"{PLACE}{after}"
            return


def _day_first(words: str, name: str) -> int:
    """1 where a day that may be read in two ways is meant day first, -1 if month first, else 0."""
    day = only_date(words)
    if day is None or len(day.days) < 2:
        return 0
    return 1 if str(day.days[1]) in name else -1 if str(day.days[0]) in name else 0


def _objects_by_relation(sentences: Sequence[AlignedSentence]) -> dict[str, Counter[str]]:
    objects: dict[str, Counter[str]] = defaultdict(Counter)
    for sentence in sentences:
        for triple in sentence.triples:
            objects[triple.relation][triple.object_name] += 1
    return objects


def _is_value(name: str) -> bool:
    """Whether an object is a number, a day or quoted words rather than the name of something."""
    plain = plain_name(name)
    first = plain.partition(" ")[0]
    return name.startswith('"') or bool(
        only_number(plain) or only_date(plain) or only_number(first)
    )
