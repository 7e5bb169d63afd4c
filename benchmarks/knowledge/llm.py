"""Directors and actors read from film abstracts by a small language model on one CPU thread.

    python benchmarks/knowledge/llm.py DATA --films 60

The model is served by llama.cpp as xllamacpp packs it. It is no dependency of the package, so it
has a virtual environment of its own: ``python -m venv benchmarks/.venv-llm`` and
``benchmarks/.venv-llm/bin/pip install xllamacpp==2026.10.11549``.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from scores import scores

from tastegraph import assets
from tastegraph.config import LLM
from tastegraph.extraction.grounding import Passage
from tastegraph.extraction.llm import Reader
from tastegraph.extraction.schema import Slot
from tastegraph.language.endpoint import Endpoint
from tastegraph.linking.names import name_in, normalised, parted
from tastegraph.storage import answers
from tastegraph.storage.database import Database

MODEL = "qwen2.5-coder-1.5b-instruct"
PYTHON = Path(__file__).parents[1] / ".venv-llm/bin/python"
SLOTS = (
    Slot("director", "director", kind="person"),
    Slot("starring", "actor", kind="person"),
    Slot("writer", "writer", kind="person"),
    Slot("producer", "producer", kind="person"),
)
"""What is asked for; a model that has no place for writers takes them for directors."""
SCORED = SLOTS[:2]
SEED = 1
SERVER = """
import os, sys, time
import xllamacpp
os.nice(10)
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.n_parallel, params.verbosity = sys.argv[1], 4096, 1, 0
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.n_gpu_layers, params.cpuparams.poll, params.ui = 0, 0, False
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Film:
    """An abstract and the names that DBpedia states for it, as names are compared."""

    film_id: str
    text: str
    gold: dict[str, frozenset[str]]


def halves(data: Path) -> tuple[list[Film], list[Film]]:
    """The films with an abstract, a director and an actor: to learn on, to measure on."""
    folder = data / "ml1m"
    gold = {slot.relation: _edges(folder / f"entity2rec/dbo:{slot.relation}.edgelist")
            for slot in SCORED}  # fmt: skip
    texts = json.loads((folder / "dbpedia_abstracts/dbpedia_abstracts.json").read_text("utf-8"))
    found = []
    for line in (folder / "entity2rec/mappings.tsv").read_text("utf-8").splitlines():
        film_id, _, uri = line.split("\t")
        stated = {relation: edges.get(uri, frozenset()) for relation, edges in gold.items()}
        if film_id in texts and all(stated.values()):
            found.append(Film(film_id, texts[film_id], stated))
    found.sort(key=lambda film: int(film.film_id))
    random.Random(SEED).shuffle(found)
    return found[: len(found) // 2], found[len(found) // 2 :]


def run(data: Path, films: int = 60, *, learning: bool = False) -> dict[str, Any]:
    """Score the first ``films`` of the half that is measured on, or learned on."""
    chosen = halves(data)[not learning][:films]
    with _served(_weights()) as endpoint:
        told = LLM(endpoint=endpoint, model=MODEL, timeout=600)
        kept = assets.cache_folder(MODEL).parent / f"{MODEL}-answers.db"
        cache = Database(kept, answers.metadata)
        reader = Reader(SLOTS, Endpoint(told), cache, lambda name, _: normalised(name))
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for fact in reader.facts([(film.film_id, film.text) for film in chosen]):
            found[fact.subject, fact.relation].add(fact.object)
        cache.close()
    report = reader.report
    return {
        **{slot.relation: _scored(chosen, found, slot.relation) for slot in SCORED},
        "tokens": {
            "prompt": report.usage.prompt_tokens,
            "completion": report.usage.completion_tokens,
        },
        "questions": report.usage.questions,
        "cached": report.usage.cached,
        "failed": dict(report.usage.failed),
        "seconds": round(report.usage.seconds, 1),
        "model": reader.name,
        "dropped": dict(report.dropped),
    }


def _edges(file: Path) -> dict[str, frozenset[str]]:
    names = defaultdict(set)
    for line in file.read_text("utf-8").splitlines():
        film, entity = line.split(" ")
        names[film].add(normalised(parted(name_in(entity))[0]))
    return {film: frozenset(stated) for film, stated in names.items()}


def _scored(
    films: Sequence[Film], found: dict[tuple[str, str], set[str]], relation: str
) -> dict[str, Any]:
    """Scores, and the share of what DBpedia states that stands in the abstracts at all."""
    units, stated, in_text = [], 0, 0
    for film in films:
        said, gold = found[film.film_id, relation], film.gold[relation]
        units.append((len(said & gold), len(said - gold), len(gold - said)))
        passage = Passage(film.text)
        stated += len(gold)
        in_text += sum(passage.find(name) is not None for name in gold)
    return {**scores(units), "recall_ceiling": round(in_text / stated, 4)}


def _weights() -> Path:
    (name,) = assets.ASSETS[MODEL].files
    return assets.find(MODEL) / name


@contextmanager
def _served(weights: Path) -> Iterator[str]:
    command = [str(PYTHON), "-c", SERVER, str(weights)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip() + "/v1"
        finally:
            process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--films", type=int, default=60)
    parser.add_argument("--learning", action="store_true", help="the half to choose settings on")
    told = parser.parse_args()
    print(json.dumps(run(told.data, told.films, learning=told.learning), indent=1))


if __name__ == "__main__":
    main()
