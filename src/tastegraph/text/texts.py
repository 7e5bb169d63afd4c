"""What a language model reads of an item: its title, what is known of it, its text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tastegraph.core.config import Graph
from tastegraph.core.records import Fact, Item
from tastegraph.text.languages import BestLabels
from tastegraph.text.verbal import Told, clean, readable, sentences

LONGEST_TEXT = 4000
PER_PHRASE, MOST_TOLD = 5, 24
_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])")


@dataclass(frozen=True, slots=True)
class ItemText:
    """One paragraph about one thing.

    Attributes:
        sentences: in order, each with its full stop.
        names: of the things that it tells of, in order: what may be masked as one.
    """

    sentences: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """The paragraph without its last full stop: a title alone reads like any other name.

        Where that full stop is the end of a name, as in *Monsters, Inc.*, it stays.
        """
        whole = " ".join(self.sentences)
        return whole if whole.endswith(self.names) else whole.removesuffix(".")


def verbalise(
    item: Item, told: Iterable[Told] = (), per_phrase: int = PER_PHRASE, most: int = MOST_TOLD
) -> ItemText:
    """Title, attribute values, facts and text of an item, each a sentence of its own.

    What the title or an attribute says already is not told again. Catalogues are not trusted:
    control characters are dropped, opaque labels left out, texts cut at :data:`LONGEST_TEXT`.

    Args:
        item: from the catalogue.
        told: facts about it, the most telling first.
        per_phrase: labels of one relation, at most.
        most: labels of all relations, at most.
    """
    title = clean(item.title)
    attributes = [list(filter(None, map(clean, values))) for values in item.attributes.values()]
    said = {name.casefold() for name in (title, *(v for values in attributes for v in values))}
    facts = (fact._replace(label=readable(fact.label)) for fact in told)
    groups = sentences((f for f in facts if f.label.casefold() not in said), per_phrase, most)
    spoken = [
        title,
        *(", ".join(values) for values in attributes),
        *(f"{group[0].phrase}: {', '.join(fact.label for fact in group)}" for group in groups),
    ]
    names = [title, *(fact.label for group in groups for fact in group if fact.entity)]
    return _paragraph(spoken, item.text, names)


def item_text(item: Item) -> str:
    """The paragraph about an item of which no facts are told."""
    return verbalise(item).text


def entity_texts(facts: Iterable[Fact], told: Graph) -> dict[str, ItemText]:
    """Entity id → its name and its best description; entities without a description are left out.

    Args:
        facts: names and descriptions among others.
        told: which relations name and describe, the best first, and the preferred languages.
    """
    names = BestLabels.of_names(told)
    descriptions = BestLabels(told.description_relations, told.label_languages)
    for fact in facts:
        names.add(fact)
        descriptions.add(fact)
    paragraphs = {}
    for entity, description in sorted(descriptions.all().items()):
        name = readable(names.get(entity), entity)
        paragraphs[entity] = _paragraph([name], description, [name])
    return {entity: text for entity, text in paragraphs.items() if text.sentences}


def _paragraph(spoken: Iterable[str], text: str, names: Iterable[str]) -> ItemText:
    found = [_ended(sentence) for sentence in spoken if sentence]
    found += [_ended(part) for part in _END.split(clean(text[:LONGEST_TEXT])) if part.strip()]
    return ItemText(tuple(found), tuple(dict.fromkeys(filter(None, names))))


def _ended(sentence: str) -> str:
    sentence = sentence.strip()
    return sentence if sentence.endswith((*".!?…。！？",)) else f"{sentence}."
