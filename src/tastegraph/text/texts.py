"""Texts about items and entities: title, attributes, facts in words and the catalogue's own text.

Catalogues and graphs are not trusted: control characters are dropped, labels that nobody could
read are left out, and long texts are cut.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from tastegraph.core.config import GraphConfig
from tastegraph.core.records import Fact, Item
from tastegraph.text.languages import BestLabels

MAX_TEXT_LENGTH = 4000
"""Characters of the catalogue's text that are read."""
MAX_LABEL_LENGTH = 80
"""Characters of a label; a longer one is a text and no label."""
MAX_LABELS_PER_PHRASE, MAX_LABELS = 5, 24
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])")
_JOINERS = "\u200c\u200d"
_SPACE_CATEGORIES = {"Cc", "Zs", "Zl", "Zp"}
_OPAQUE = re.compile(r"/?[mg][./][0-9a-z_]+|[QPL]\d+|_:.*|[a-z][a-z0-9+.-]*://\S*|urn:\S*", re.I)
_MIDNIGHT = re.compile(r"(?<=\d)T00:00:00(\.0+)?(Z|[+-]\d\d:\d\d)?$")
_LONG_DECIMAL = re.compile(r"[+-]?\d+\.\d{3,}")


class FactPhrase(NamedTuple):
    """One fact about an item, in words.

    Attributes:
        phrase: of the relation: "director".
        label: of the entity or value at the other end.
        is_entity: whether the other end is an entity rather than a plain value.
    """

    phrase: str
    label: str
    is_entity: bool


@dataclass(frozen=True, slots=True)
class ItemText:
    """One paragraph about one item or entity.

    Attributes:
        sentences: in order, each with its full stop.
        names: of the item and of the entities in the sentences, in order; masked language
            modelling may mask each as one.
    """

    sentences: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """The paragraph without its last full stop: a title alone reads like any other name.

        Where that full stop is the end of a name, as in *Monsters, Inc.*, it stays.
        """
        paragraph = " ".join(self.sentences)
        return paragraph if paragraph.endswith(self.names) else paragraph.removesuffix(".")


def verbalise(
    item: Item,
    facts: Iterable[FactPhrase] = (),
    max_labels_per_phrase: int = MAX_LABELS_PER_PHRASE,
    max_labels: int = MAX_LABELS,
) -> ItemText:
    """Title, attribute values, facts and text of an item, each a sentence of its own.

    A label that equals the title or an attribute value is left out.

    Args:
        item: from the catalogue.
        facts: about the item, the most specific first.
        max_labels_per_phrase: labels of one phrase, at most.
        max_labels: labels of all phrases together, at most.
    """
    title = clean(item.title)
    attributes = [list(filter(None, map(clean, values))) for values in item.attributes.values()]
    known = {name.casefold() for name in (title, *(v for values in attributes for v in values))}
    readable = (fact._replace(label=readable_label(fact.label)) for fact in facts)
    new = (fact for fact in readable if fact.label.casefold() not in known)
    groups = grouped_by_phrase(new, max_labels_per_phrase, max_labels)
    sentences = [
        title,
        *(", ".join(values) for values in attributes),
        *(f"{group[0].phrase}: {', '.join(fact.label for fact in group)}" for group in groups),
    ]
    names = [title, *(fact.label for group in groups for fact in group if fact.is_entity)]
    return _paragraph(sentences, item.text, names)


def item_text(item: Item) -> str:
    """The paragraph about an item from the catalogue alone, without facts."""
    return verbalise(item).text


def entity_texts(facts: Iterable[Fact], config: GraphConfig) -> dict[str, ItemText]:
    """Entity id → its name and its best description; entities without a description are left out.

    Args:
        facts: of the store; those that neither name nor describe are passed over.
        config: which relations name and describe, the best first, and the preferred languages.
    """
    names = BestLabels.of_names(config)
    descriptions = BestLabels(config.description_relations, config.label_languages)
    for fact in facts:
        names.add(fact)
        descriptions.add(fact)
    paragraphs = {}
    for entity, description in sorted(descriptions.all().items()):
        name = readable_label(names.get(entity), entity)
        paragraphs[entity] = _paragraph([name], description, [name])
    return {entity: text for entity, text in paragraphs.items() if text.sentences}


def grouped_by_phrase(
    facts: Iterable[FactPhrase], max_labels_per_phrase: int, max_labels: int
) -> list[list[FactPhrase]]:
    """One list for each sentence: its facts have one phrase and different labels.

    A label occurs once among all sentences, in whatever letter case; facts without a label are
    left out.

    Args:
        facts: the most specific first.
        max_labels_per_phrase: labels in a sentence, at most.
        max_labels: labels in all sentences together, at most.
    """
    groups: dict[str, list[FactPhrase]] = {}
    labels: set[str] = set()
    for fact in facts:
        group = groups.setdefault(fact.phrase, [])
        label = fact.label.casefold()
        fits = len(group) < max_labels_per_phrase and len(labels) < max_labels
        if label and label not in labels and fits:
            labels.add(label)
            group.append(fact)
    return [group for group in groups.values() if group]


def clean(text: str) -> str:
    """``text`` on one line, without control, direction and other invisible characters."""
    return " ".join("".join(map(_visible, text)).split())


def readable_label(label: str, node_id: str = "") -> str:
    """A label as a text may use it; empty where it is an id, an IRI or longer than a label.

    Long decimals are rounded, and midnight is dropped from dates.

    Args:
        label: of an entity or a value.
        node_id: of the same; a label that repeats it is no label.
    """
    label = clean(label)
    if label == node_id or len(label) > MAX_LABEL_LENGTH or _OPAQUE.fullmatch(label):
        return ""
    if _LONG_DECIMAL.fullmatch(label):
        value = float(label)
        return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 1 else f"{value:.2g}"
    return _MIDNIGHT.sub("", label)


def _paragraph(sentences: Iterable[str], text: str, names: Iterable[str]) -> ItemText:
    ended = [_with_full_stop(sentence) for sentence in sentences if sentence]
    further = _SENTENCE_END.split(clean(text[:MAX_TEXT_LENGTH]))
    ended += [_with_full_stop(sentence) for sentence in further if sentence.strip()]
    return ItemText(tuple(ended), tuple(dict.fromkeys(filter(None, names))))


def _with_full_stop(sentence: str) -> str:
    sentence = sentence.strip()
    return sentence if sentence.endswith((*".!?…。！？",)) else f"{sentence}."


def _visible(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    return " " if unicodedata.category(character) in _SPACE_CATEGORIES else ""
