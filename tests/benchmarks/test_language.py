"""The language model's benchmarks on a small data set: every row is measured and shown."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from benchmarks.language import cold_items, reading, warm
from benchmarks.language.__main__ import PAGE, RESULTS
from benchmarks.language.cold_task import ColdItemTask
from benchmarks.language.encoders import CachedEncoders
from benchmarks.language.page import COLD_ROWS, WARM_ROWS, page
from benchmarks.language.sets import SETS
from benchmarks.published.sets.set import assembled

from tastegraph.core.config import Config, EvaluationConfig, FinetuningConfig
from tastegraph.text.finetune.scratch import from_scratch
from tests.support.cinema import GENRE_TEXTS, SETTINGS, events, facts, films

pytestmark = pytest.mark.slow


class WordVectors(CachedEncoders):
    """Sums of random vectors of the words, in place of a language model."""

    def __init__(self, folder):
        self.models, self.frozen = folder / "models", folder / "frozen"

    def vectors(self, model, texts, max_tokens):
        def word_vector(word):
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4])
            return np.random.default_rng(seed).normal(size=64)

        sums = [sum(map(word_vector, text.split()), np.zeros(64)) for text in texts]
        rows = np.array(sums).reshape(len(texts), 64)
        norms = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return (rows / norms).astype(np.float32)


@pytest.fixture(scope="module")
def dataset():
    split = EvaluationConfig(split="random", fractions=(0.6, 0.2, 0.2))
    config = Config.model_validate(SETTINGS).model_copy(update={"evaluation": split})
    return assembled("cinema", films(), facts(), [], events(), config, maker="directed_by")


def test_events_on_cold_items_are_in_no_training_signal(dataset):
    task = ColdItemTask.of(dataset, 1)
    assert task.cold.sum() == 4
    for interactions in (task.training, task.known):
        assert not task.cold[interactions.items].any()
    assert not task.valid[:, np.flatnonzero(task.cold)].nnz
    perfect = task._later[task.users].toarray().astype(np.float32)
    metrics = task.cold_metrics(lambda rows: perfect[rows])
    assert metrics["ndcg@20"] == pytest.approx(np.ones(len(task.users)))


def test_every_row_is_measured_and_shown(dataset, tmp_path, monkeypatch):
    encoders = WordVectors(tmp_path)
    texts = [*GENRE_TEXTS.values(), *(item.title for item in dataset.items)]
    from_scratch(texts, encoders.frozen, layers=1, width=64, vocabulary=120, max_tokens=48)
    short = FinetuningConfig(pretraining_steps=2, steps=2, batch_size=4, frozen_layers=0)
    monkeypatch.setattr(cold_items, "FINETUNING", short)
    monkeypatch.setattr(cold_items, "SYSTEM_FINETUNED_SETS", ("cinema",))
    monkeypatch.setitem(SETS, "cinema", lambda data: dataset)
    readers = {"whole": encoders, "tokens": encoders}
    results = {
        "cold_items": {"cinema": cold_items.measure(dataset, encoders, seeds=(1,))},
        "new_people": {"cinema": warm.measure_new_users(dataset, encoders)},
        "sparse": {"cinema": warm.measure_sparse_data(dataset, encoders)},
        "reading": {"cinema": reading.measure(dataset, readers, seeds=(1,))},
        "reading_system": {"cinema": reading.measure_system(dataset, readers)},
    }
    cold = results["cold_items"]["cinema"]["rows"]
    assert cold.keys() == COLD_ROWS.keys()
    texts_alone = results["reading"]["cinema"]["cold"]
    for ranker in ("neighbours", "ridge"):
        assert texts_alone[f"{ranker}, tokens"]["p"] == 1
    for lists in results["reading_system"]["cinema"].values():
        assert lists["system, tokens"]["p"] == 1
        assert lists["system, tokens"]["ndcg@20"] == lists["system, whole"]["ndcg@20"]
    assert cold["tfidf"]["ndcg@20"] > cold["random"]["ndcg@20"]
    for by_size in (results["new_people"]["cinema"], results["sparse"]["cinema"]):
        assert all(size["rows"].keys() == WARM_ROWS.keys() for size in by_size.values())
    text = page(json.loads(json.dumps(results)))
    assert "### cinema: " in text
    assert "| cinema | warm | system, tokens |" in text
    assert all(label in text for label in (*COLD_ROWS.values(), *WARM_ROWS.values()))


def test_the_page_shows_the_results_file():
    assert page(json.loads(RESULTS.read_text(encoding="utf-8"))) == PAGE.read_text(encoding="utf-8")
