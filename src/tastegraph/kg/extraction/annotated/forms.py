"""Forms: the name or value that an annotation has for the words of a sentence, by relation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from tastegraph.kg.extraction.annotated.alignment import AlignedSentence, plain_name
from tastegraph.kg.extraction.annotated.tokens import letters
from tastegraph.kg.extraction.annotated.values import only_date, only_number

PLACE = "{}"
MAX_TEMPLATES = 6
CURRENCIES = "$€£¥ "


class ArgumentForms:
    """Learned forms of arguments.

    An argument that annotated sentences have is written as they have it, in this relation or else
    anywhere: *US* is *United_States*. Any other one takes the form that most objects of its
    relation have that can be made of its words: a number with ``.0``, a day as ``1944-07-28``, a
    unit or quotation marks around it, or the words themselves.

    Attributes:
        values: the relations whose objects are mostly numbers, days or quoted words.
    """

    def __init__(self, sentences: Sequence[AlignedSentence]) -> None:
        self._objects: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._names: dict[str, Counter[str]] = defaultdict(Counter)
        templates: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        everywhere: Counter[tuple[str, str]] = Counter()
        self._day_first = 0
        for sentence in sentences:
            for triple in sentence.triples:
                subject = {letters(sentence.tokens.written(*run)) for run in triple.subject}
                for key in subject:
                    self._names[key][triple.subject_name] += 1
                for run in triple.object:
                    words = sentence.tokens.written(*run).strip(CURRENCIES)
                    key = letters(words)
                    self._objects[triple.relation, key][triple.object_name] += 1
                    self._names[key][triple.object_name] += 1
                    self._day_first += _day_first(words, triple.object_name)
                    for form in dict.fromkeys(_forms_of(words, triple.object_name)):
                        templates[triple.relation][form] += 1
                        everywhere[form] += 1
        self.values = frozenset(
            relation
            for relation, counts in _objects_by_relation(sentences).items()
            if 2 * sum(count for name, count in counts.items() if _is_value(name)) > counts.total()
        )
        self._templates = {
            relation: [form for form, _ in counts.most_common(MAX_TEMPLATES)]
            for relation, counts in templates.items()
        }
        self._usual = [form for form, _ in everywhere.most_common(MAX_TEMPLATES)]

    def subject(self, words: str) -> str:
        """The name of a subject."""
        return self._known(self._names.get(letters(words))) or words

    def object(self, relation: str, words: str) -> str:
        """The name or value of an object of ``relation``."""
        words = words.strip(CURRENCIES) or words
        key = letters(words)
        known = self._known(self._objects.get((relation, key)))
        is_value = only_number(words) is not None or only_date(words) is not None
        if known is not None and not is_value:
            return known
        if not is_value and (name := self._known(self._names.get(key))) is not None:
            return name
        rendered = dict(_renderings(words, self._day_first > 0))
        for templates in (self._templates.get(relation, ()), self._usual):
            for kind, template in templates:
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
    if letters(words) == letters(name):
        quoted = name.startswith('"') and name.endswith('"')
        yield "words", f'"{PLACE}"' if quoted else PLACE


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
