"""Directors and actors read from film abstracts by a small language model on one CPU thread.

    python -m benchmarks.knowledge.llm DATA --films 60

The model is served by llama.cpp as xllamacpp packs it. It is no dependency of the package, so it
has a virtual environment of its own, which ``make benchmark-knowledge`` sets up.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.knowledge import extraction
from tastegraph.core.config import LLMConfig
from tastegraph.data import downloads as assets
from tastegraph.kg.extraction.gazetteer import id_from_name
from tastegraph.kg.extraction.llm import LLMExtractor
from tastegraph.kg.extraction.prompt import Slot
from tastegraph.store import caches
from tastegraph.store.database import Database
from tastegraph.text.llm import LLMClient

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


def run(data: Path, films: int = 60) -> dict[str, Any]:
    """Score the first ``films`` that have facts of both relations, and patterns on the same."""
    halves = extraction.films(data)
    truth = {slot.relation: halves.truth(slot.relation) for slot in SCORED}
    chosen = [
        document
        for document in halves.measured
        if all(document.subject in stated for stated in truth.values())
    ][:films]
    subjects = {document.subject for document in chosen}
    with _served(_weights()) as endpoint, tempfile.TemporaryDirectory() as folder:
        config = LLMConfig(endpoint=endpoint, model=MODEL, timeout=600)
        cache = Database(Path(folder) / "answers.db", caches.answer_metadata)
        reader = LLMExtractor(SLOTS, LLMClient(config), cache, lambda name, _: id_from_name(name))
        facts = list(reader.extract(chosen))
        cache.close()
    patterns = extraction.read_by_patterns(halves, data)
    report = reader.report
    scored: dict[str, Any] = {}
    for relation, stated in truth.items():
        gold = {film: people for film, people in stated.items() if film in subjects}
        scored[relation] = {
            **extraction.measure(facts, relation, gold),
            "patterns": extraction.measure(patterns, relation, gold),
        }
    return {
        **scored,
        "tokens": {
            "prompt": report.usage.prompt_tokens,
            "completion": report.usage.completion_tokens,
        },
        "questions": report.usage.requests,
        "failed": dict(report.usage.failed),
        "seconds": round(report.usage.seconds, 1),
        "model": reader.name,
        "dropped": dict(report.dropped),
    }


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
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.data, arguments.films), indent=1))


if __name__ == "__main__":
    main()
