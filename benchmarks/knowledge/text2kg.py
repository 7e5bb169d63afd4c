"""Facts read from sentences of 19 domains: Text2KGBench's DBpedia-WebNLG half.

    python -m benchmarks.knowledge.text2kg DATA

The extractor learns from the 2,846 training sentences of all domains together, without a language
model; the relations that it may state of a test sentence are those of the domain's ontology, which
is what the published language models were given in their prompts. Its settings were chosen on
parts of the training sentences. Unlike :mod:`benchmarks.knowledge.scores`, the means are over
sentences and then over ontologies, which is how the published figures are made.

* ``own_sentences``: the same, learned from the training sentences of each domain alone;
* ``published``: Vicuna-13B and Alpaca-LoRA-13B as their authors give them, to two decimals, their
  mean taken over the 19 ontologies (they print that of 20 rows, one domain twice).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.knowledge.text2kg_scores import MEASURES, Ontology, mean_scores, sentence_scores
from tastegraph.kg.extraction.annotated.corpus import AnnotatedSentence, Triple, read_annotated
from tastegraph.kg.extraction.annotated.extractor import SentenceExtractor, learn_from_annotated

FOLDER = Path("text2kg/data/dbpedia_webnlg")
PUBLISHED = ("Vicuna-13B", "Alpaca-LoRA-13B")
_KEYS = {
    "precision": "avg_precision", "recall": "avg_recall", "f1": "avg_f1",
    "conformance": "avg_onto_conf", "subject_hallucination": "avg_sub_halluc",
    "relation_hallucination": "avg_rel_halluc", "object_hallucination": "avg_obj_halluc",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Domain:
    """One ontology with its sentences.

    Attributes:
        name: such as ``film``.
        ontology: its concepts and relations.
        train, test: sentences with their facts.
    """

    name: str
    ontology: Ontology
    train: list[AnnotatedSentence]
    test: list[AnnotatedSentence]

    @property
    def schema(self) -> tuple[str, ...]:
        """Its relations, each once."""
        return tuple(sorted(set(self.ontology.relations)))


def domains(data: Path) -> list[Domain]:
    """All domains, in the order of their numbers."""
    folder = data / FOLDER
    paths = sorted(
        (folder / "ontologies").glob("*_ontology.json"), key=lambda p: int(p.name.partition("_")[0])
    )
    result = []
    for path in paths:
        number, name = path.name.removesuffix("_ontology.json").split("_")
        stored = json.loads(path.read_text(encoding="utf-8"))
        ontology = Ontology(
            tuple(concept["label"] for concept in stored["concepts"]),
            tuple(relation["label"] for relation in stored["relations"]),
        )
        train = read_annotated(folder / f"train/ont_{number}_{name}_train.jsonl")
        test = read_annotated(folder / f"ground_truth/ont_{number}_{name}_ground_truth.jsonl")
        result.append(Domain(name, ontology, train, test))
    return result


def run(data: Path, seed: int = 1) -> dict[str, Any]:
    """Scores by ontology and their means, with those that others published."""
    every = domains(data)
    started = time.process_time()
    extractor = learn_from_annotated(
        [sentence for domain in every for sentence in domain.train],
        [domain.schema for domain in every for _ in domain.train],
        seed=seed,
    )
    learned = time.process_time()
    rows = {domain.name: score(extractor, domain) for domain in every}
    ended = time.process_time()
    own = {
        domain.name: score(
            learn_from_annotated(domain.train, [domain.schema] * len(domain.train), seed=seed),
            domain,
        )
        for domain in every
    }
    return {
        "sentences": {
            "train": sum(len(domain.train) for domain in every),
            "test": sum(len(domain.test) for domain in every),
        },
        "located": extractor.coverage.located,
        "not_located": extractor.coverage.missing,
        "processor_seconds": {
            "learning": round(learned - started, 1), "reading": round(ended - learned, 1),
        },
        "ontologies": rows,
        "mean": _mean(rows),
        "own_sentences": _mean(own),
        "published": {name: published(data, name) for name in PUBLISHED},
    }  # fmt: skip


def score(extractor: SentenceExtractor, domain: Domain) -> dict[str, float]:
    """Mean scores over the test sentences of a domain."""
    return mean_scores(
        [
            sentence_scores(s.text, s.triples, _read(extractor, s.text, domain), domain.ontology)
            for s in domain.test
        ]
    )


def _read(extractor: SentenceExtractor, text: str, domain: Domain) -> list[Triple]:
    return [
        Triple(fact.subject, fact.relation, fact.object)
        for fact in extractor.extract(text, domain.schema)
    ]


def published(data: Path, name: str) -> dict[str, Any]:
    """What a model's authors give for each ontology, and the mean over ontologies."""
    path = data / FOLDER / f"baselines/{name}/eval_metrics/avg_eval_results.jsonl"
    rows = {
        row["onto"].partition("_")[2]: {key: float(row[stored]) for key, stored in _KEYS.items()}
        for row in _rows(path)
        if row["type"] == "all_test_cases"
    }
    return {"ontologies": rows, "mean": _mean(rows)}


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _mean(rows: dict[str, dict[str, float]]) -> dict[str, float]:
    names = [name for name in MEASURES if all(name in row for row in rows.values())]
    return {name: round(float(np.mean([row[name] for row in rows.values()])), 4) for name in names}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    print(json.dumps(run(parser.parse_args().data), indent=1))


if __name__ == "__main__":
    main()
