"""Directors and actors read from abstracts of films, against facts that others published.

    python -m benchmarks.knowledge.extraction DATA

Half of the films, drawn by seed, is learned from; the figures are of the other half, whose facts
nothing knows. Gold are all the director and starring facts of a film with an abstract, whether the
abstract states them or not.

* ``graph_of_learning_half``: names are those of the people in the facts learned from; others are
  found by their capitals, and count as right where they have the name of a person in gold;
* the row itself: the gazetteer holds the names of every entity of the graph but the films, whose
  texts these are (``closed``): people and companies; the facts of the measured films are not known.
  That is a graph that has nodes but lacks edges. That somebody is in it at all says that some film
  has them: ``known_elsewhere`` is the share of measured facts whose object the learning half has;
* ``three_examples``: no fact is known: :data:`EXAMPLES` in words are learned from, and names are
  found by their capitals;
* ``every_mention``: the control without patterns: whoever is named directs and stars;
* ``ceiling`` is the share of gold whose name stands in the abstract;
* ``ece`` is of the confidence of what was found;
* ``cues`` are the strongest that were learned.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.knowledge.scores import scores
from tastegraph.core.config import GraphConfig, RelationConfig
from tastegraph.core.records import LABEL, Fact
from tastegraph.kg.extraction.documents import Document
from tastegraph.kg.extraction.gazetteer import NAME_PREFIX, Gazetteer, id_from_name
from tastegraph.kg.extraction.patterns import PatternExtractor, learn_patterns
from tastegraph.kg.extraction.phrases.extractor import ExampleExtractor
from tastegraph.kg.extraction.phrases.name_kinds import NameKinds
from tastegraph.kg.extraction.phrases.reader import NameReader
from tastegraph.kg.linking.calibration import expected_calibration_error
from tastegraph.kg.names import name_from_id, normalize_name, split_qualifier

EXAMPLES = {
    "director": ("directed by Joel Coen", "Ang Lee directs", "director Jane Campion"),
    "starring": ("starring [Brad Pitt]", "stars Gong Li", "played by Bruno Ganz"),
}
RELATIONS = tuple(EXAMPLES)

Gold = dict[str, set[str]]


@dataclass(frozen=True)
class Films:
    """Abstracts of films in two halves, and what DBpedia states of them.

    Attributes:
        learning, measured: in a seeded order.
        gold: relation → film → people.
    """

    learning: list[Document]
    measured: list[Document]
    gold: dict[str, Gold]

    def truth(self, relation: str) -> Gold:
        """What is to be found in the measured half."""
        measured = {document.subject for document in self.measured}
        return {f: people for f, people in self.gold[relation].items() if f in measured}


def films(data: Path, seed: int = 1) -> Films:
    """The films that have an abstract and a fact of either relation."""
    documents = {document.subject: document for document in _documents(data)}
    gold = {relation: _gold(data, relation, documents.keys()) for relation in RELATIONS}
    named = sorted(set().union(*gold.values()))
    order = np.random.default_rng(seed).permutation(len(named))
    learning, measured = ([documents[named[k]] for k in part] for part in np.array_split(order, 2))
    return Films(learning, measured, gold)


def run(data: Path, seed: int = 1) -> dict[str, Any]:
    """Micro scores over the facts of each relation, with controls; a unit is a film."""
    halves = films(data, seed)
    learning, measured = halves.learning, halves.measured
    facts = _known(halves)
    known = {fact.object for fact in facts}
    fitted_model, labels = Gazetteer(_names(known)), Gazetteer(_names(_entities(data)))
    patterns = learn_patterns(learning, facts, fitted_model, seed=seed)
    whole = read_by_patterns(halves, data, seed)
    results: dict[str, Any] = {}
    rows = {
        "graph_of_learning_half": _extracted(patterns, measured),
        "three_examples": read_by_examples(measured),
        "every_mention": _mentions(labels, measured),
    }
    for relation in RELATIONS:
        truth = halves.truth(relation)
        results[relation] = measure(whole, relation, truth)
        for row, extracted in rows.items():
            results[relation][row] = measure(extracted, relation, truth)
        results[relation]["ceiling"] = _ceiling(measured, truth)
        results[relation]["known_elsewhere"] = _share(truth, known)
        results[relation]["cues"] = [cue for cue, _ in patterns.strongest_cues(relation, 8)]
    return results


def read_by_patterns(halves: Films, data: Path, seed: int = 1) -> list[Fact]:
    """What patterns find in the measured half, the labels of the graph being known."""
    labels = Gazetteer(_names(_entities(data)))
    patterns = learn_patterns(halves.learning, _known(halves), labels, closed=True, seed=seed)
    return _extracted(patterns, halves.measured)


def read_by_examples(documents: Sequence[Document]) -> list[Fact]:
    """What three examples in words of each relation find, where they are sure enough to count."""
    relations = {
        name: RelationConfig(object="person", examples=examples)
        for name, examples in EXAMPLES.items()
    }
    reader = NameReader((document.text for document in documents), Gazetteer([]))
    extracted = ExampleExtractor(relations, {}).extract(documents, reader, NameKinds())
    least = GraphConfig().min_confidence
    return [fact for fact in extracted if fact.relation != LABEL and fact.confidence >= least]


def _known(halves: Films) -> list[Fact]:
    """The facts of the learning half."""
    return [
        Fact(document.subject, relation, person)
        for relation in RELATIONS
        for document in sorted(halves.learning, key=lambda document: document.subject)
        for person in sorted(halves.gold[relation].get(document.subject, ()))
    ]


def _documents(data: Path) -> list[Document]:
    texts = json.loads(
        (data / "ml1m/dbpedia_abstracts/dbpedia_abstracts.json").read_text(encoding="utf-8")
    )
    lines = (data / "ml1m/entity2rec/mappings.tsv").read_text(encoding="utf-8").splitlines()
    films = {uri: item for item, _, uri in (line.split("\t") for line in lines)}
    return [
        Document(f"item:{item}", uri, texts[item])
        for uri, item in sorted(films.items())
        if texts.get(item)
    ]


def _gold(data: Path, relation: str, films: Collection[str]) -> Gold:
    gold: Gold = defaultdict(set)
    path = data / f"ml1m/entity2rec/dbo:{relation}.edgelist"
    for line in path.read_text(encoding="utf-8").splitlines():
        film, person = line.split()
        if film in films:
            gold[film].add(person)
    return gold


def _entities(data: Path) -> set[str]:
    """Whatever is the object of any fact of the graph."""
    files = sorted((data / "ml1m/entity2rec").glob("*.edgelist"))
    lines = (line for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return {line.split()[1] for line in lines}


def _share(truth: Gold, known: set[str]) -> float:
    objects = [person for people in truth.values() for person in people]
    return round(sum(person in known for person in objects) / max(len(objects), 1), 4)


def _names(entities: Iterable[str]) -> list[tuple[str, str]]:
    return [(_name(entity), entity) for entity in sorted(entities)]


def _name(entity: str) -> str:
    return split_qualifier(name_from_id(entity))[0]


def _extracted(patterns: PatternExtractor, documents: Sequence[Document]) -> list[Fact]:
    return [fact for fact in patterns.extract(documents) if fact.relation != LABEL]


def _mentions(gazetteer: Gazetteer, documents: Sequence[Document]) -> list[Fact]:
    """The control without cues: whoever is named directs and stars."""
    return [
        Fact(document.subject, relation, entity)
        for document in documents
        for entity in sorted({m.entities[0] for m in gazetteer.find(document.text)})
        for relation in RELATIONS
    ]


def measure(extracted: Sequence[Fact], relation: str, truth: Gold) -> dict[str, Any]:
    """Scores and expected calibration error of what was found about the films of ``truth``."""
    by_film: dict[str, list[Fact]] = defaultdict(list)
    for fact in extracted:
        if fact.relation == relation and fact.subject in truth:
            by_film[fact.subject].append(fact)
    units, sure, right = [], [], []
    for film, people in truth.items():
        left = {id_from_name(_name(person)): person for person in people}
        true = [_is(fact.object, people, left) for fact in by_film[film]]
        hit = len(
            {_key(f.object) for f, is_true in zip(by_film[film], true, strict=True) if is_true}
        )
        units.append((hit, len(true) - sum(true), len(people) - hit))
        sure += [fact.confidence for fact in by_film[film]]
        right += true
    return {
        **scores(units),
        "ece": round(expected_calibration_error(np.array(sure), np.array(right, dtype=bool)), 4),
    }


def _is(object_id: str, people: set[str], names: dict[str, str]) -> bool:
    return object_id in people or (object_id.startswith(NAME_PREFIX) and object_id in names)


def _key(object_id: str) -> str:
    return object_id if object_id.startswith(NAME_PREFIX) else id_from_name(_name(object_id))


def _ceiling(documents: Sequence[Document], truth: Gold) -> float:
    """The share of gold facts whose object's name stands in the text."""
    named = total = 0
    for document in documents:
        text = f" {normalize_name(document.text)} "
        for person in truth.get(document.subject, ()):
            total += 1
            named += f" {normalize_name(_name(person))} " in text
    return round(named / max(total, 1), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    print(json.dumps(run(parser.parse_args().data), indent=1))


if __name__ == "__main__":
    main()
