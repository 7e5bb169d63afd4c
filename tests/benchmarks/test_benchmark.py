"""The benchmark suite: what is stored, the models, the tables, the command."""

import io
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.published import benchmarks, field, reading, suite
from benchmarks.published.__main__ import main
from benchmarks.published.benchmarks import BENCHMARKS, named
from benchmarks.published.field import ModelGrid
from benchmarks.published.fingerprint import fingerprint
from benchmarks.published.measured import Measured, Store
from benchmarks.published.peer import Outcome, Peer
from benchmarks.published.sets.lastfm import lastfm_lightkg
from benchmarks.published.table import in_markdown, rendered
from rich.console import Console

from tastegraph.core.config import ModelConfig
from tastegraph.core.errors import NotFoundError
from tastegraph.evaluation import comparison
from tastegraph.evaluation.evaluator import TRAIN_AND_VALID, TRAIN_ONLY, VALID_KNOWN, Run
from tastegraph.models.baselines import popularity
from tastegraph.models.fitted_model import default_hyperparameters
from tastegraph.models.item_features import ItemFeatures
from tastegraph.text.words import word_features
from tests.support import benchmark_folders as folders

DEFAULT = default_hyperparameters()


def item_features_of(dataset):
    """Every item has a text of its own, in two numbers."""
    rng = np.random.default_rng(1)
    text = rng.normal(size=(dataset.graph.n_nodes, 2)).astype(np.float32)
    words = word_features([f"word {k % 3} of {k % 2}" for k in range(dataset.graph.n_items)])
    return ItemFeatures(dataset.graph, text, words)


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A tiny set, a cache of one's own, and a system that is quickly made."""
    folders.lastfm(tmp_path)
    monkeypatch.setenv("TASTEGRAPH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(suite, "item_features_of", item_features_of)
    learned = []

    def system_runs(name, item_features, data, config, choice, histories):
        assert (choice is None) == (config.seed == 1)
        learned.append((name, config.seed))
        for history, events in ((TRAIN_ONLY, data.train), (TRAIN_AND_VALID, data.train_and_valid)):
            yield Run(name, history, popularity(events.user_items()), 2.0, 10.0, DEFAULT)

    monkeypatch.setattr(field, "system_runs", system_runs)
    return tmp_path, learned


# Clicks


# Keeping


def test_a_measurement_comes_back_as_it_was(tmp_path):
    store = Store(tmp_path)
    measurement = Measured({"ndcg@10": np.array([0.5, math.nan])}, 1.5, 0.25, 100.0, DEFAULT)
    assert store.get("graph off", "train+valid", 2) is None
    store.put("graph off", "train+valid", 2, measurement)
    stored = store.get("graph off", "train+valid", 2)
    assert np.array_equal(stored.values["ndcg@10"], measurement.values["ndcg@10"], equal_nan=True)
    assert (stored.fit_seconds, stored.score_seconds, stored.memory_mb) == (1.5, 0.25, 100.0)
    assert stored.choice == DEFAULT
    store.clear()
    assert store.get("graph off", "train+valid", 2) is None


@pytest.mark.slow
def test_an_interrupted_run_goes_on_where_it_stopped(small, monkeypatch):
    data, learned = small
    quick = field.system_runs

    def interrupted(name, item_features, data, config, *arguments):
        if (name, config.seed) == ("text off", 2):
            raise KeyboardInterrupt
        yield from quick(name, item_features, data, config, *arguments)

    monkeypatch.setattr(field, "system_runs", interrupted)
    with pytest.raises(KeyboardInterrupt):
        suite.run("lastfm-lightkg", data, 2)
    monkeypatch.setattr(field, "system_runs", quick)
    before = list(learned)
    assert before[-1] == ("graph shuffled", 2)
    first = suite.run("lastfm-lightkg", data, 2)
    assert learned[len(before) :] == [("text off", 2), ("text shuffled", 2)]
    assert suite.run("lastfm-lightkg", data, 2) == first
    assert len(learned) == 10
    suite.run("lastfm-lightkg", data, 2, fresh=True)
    assert len(learned) == 20
    suite.run("lastfm-lightkg", data, 2, control_seeds=1, fresh=True)
    assert len(learned) == 26
    assert learned[-1] == ("tastegraph", 2)


def test_data_settings_and_texts_name_a_state(tmp_path):
    folders.lastfm(tmp_path)
    dataset = lastfm_lightkg(tmp_path)
    item_features = item_features_of(dataset)
    state = fingerprint(dataset, item_features, ModelConfig(seed=1))
    assert fingerprint(dataset, item_features, ModelConfig(seed=2)) == state
    assert fingerprint(dataset, item_features, ModelConfig(layers=1)) != state
    assert fingerprint(dataset, item_features.text_off(), ModelConfig()) != state
    assert fingerprint(dataset, item_features.graph_shuffled(1), ModelConfig()) != state


# Models


def test_each_control_is_chosen_and_fitted_on_what_it_names(tmp_path, monkeypatch):
    folders.lastfm(tmp_path)
    dataset = lastfm_lightkg(tmp_path)
    whole, seen = item_features_of(dataset), {}

    def system_runs(name, item_features, data, config, *_):
        seen[name] = item_features
        yield Run(name, TRAIN_ONLY, popularity(data.train.user_items()), 1.0, 1.0)

    monkeypatch.setattr(field, "system_runs", system_runs)
    table = ModelGrid(dataset, whole, ModelConfig(seed=4))
    for row in field.LEARNED:
        list(table.measured(row, (TRAIN_ONLY,)))
    assert seen["tastegraph"] is whole
    assert not len(seen["graph off"].graph.heads)
    assert not np.array_equal(seen["graph shuffled"].graph.tails, whole.graph.tails)
    assert not seen["text off"].text.any()
    shuffled, n = seen["text shuffled"], whole.graph.n_items
    order = [
        int(np.flatnonzero((whole.text[:n] == row).all(axis=1))[0]) for row in shuffled.text[:n]
    ]
    assert order != sorted(order) == list(range(n))
    assert np.array_equal(shuffled.words.toarray(), whole.words.toarray()[order])
    assert np.array_equal(shuffled.text[n:], whole.text[n:])


def test_the_system_is_chosen_on_train_and_fitted_anew_on_both(tmp_path, monkeypatch):
    folders.lastfm(tmp_path)
    dataset = lastfm_lightkg(tmp_path)
    data = comparison.EvaluationData(dataset.events, dataset.parts, item_features_of(dataset))
    calls = []

    class FittedModel:
        hyperparameters = "chosen"

    def choose(item_features, training, valid, config, watch, offered):
        watch(0.5)
        calls.append(("choose", len(training), valid.nnz))
        return FittedModel()

    def fit_and_assemble(item_features, known, choice, config):
        calls.append(("fit", len(known), choice))
        return FittedModel(), popularity(known.user_items())

    monkeypatch.setattr(comparison, "choose", choose)
    monkeypatch.setattr(comparison, "fit_and_assemble", fit_and_assemble)
    monkeypatch.setattr(
        comparison, "assemble", lambda item_features, likes, learned: popularity(likes)
    )
    results = list(comparison.system_runs("tastegraph", data.item_features, data, ModelConfig()))
    assert [run.history for run in results] == [TRAIN_ONLY, TRAIN_AND_VALID]
    assert [quality for _, quality in results[0].course] == [0.5]
    assert calls == [("choose", 18, 6), ("fit", 24, "chosen")]
    calls.clear()
    again = comparison.system_runs(
        "tastegraph", data.item_features, data, ModelConfig(seed=2), "chosen", (TRAIN_AND_VALID,)
    )
    assert [run.history for run in again] == [TRAIN_AND_VALID]
    assert calls == [("fit", 24, "chosen")]


def test_the_validation_part_can_be_history_without_being_learned_from(tmp_path, monkeypatch):
    """The model of the training part alone is asked with longer histories."""
    folders.lastfm(tmp_path)
    dataset = lastfm_lightkg(tmp_path)
    calls = []

    class Listening:
        def __init__(self, likes):
            self.likes = likes

        def score(self, histories):
            calls.append((self.likes.nnz, sum(map(len, histories))))
            return np.zeros((len(histories), self.likes.shape[1]), dtype=np.float32)

    def system_runs(name, item_features, data, config, choice, histories):
        for history, events in ((TRAIN_ONLY, data.train), (TRAIN_AND_VALID, data.train_and_valid)):
            if history in histories:
                yield Run(name, history, Listening(events.user_items()), 2.0, 1.0, DEFAULT)

    monkeypatch.setattr(field, "system_runs", system_runs)
    table = ModelGrid(dataset, item_features_of(dataset), ModelConfig())
    histories = (VALID_KNOWN, TRAIN_AND_VALID)
    rows = dict(table.measured("tastegraph", histories))
    assert calls == [(18, 24), (24, 24)]
    assert list(rows) == [VALID_KNOWN, TRAIN_AND_VALID]
    assert [measured.fit_seconds for measured in rows.values()] == [2.0, 4.0]
    assert rows[VALID_KNOWN].choice == DEFAULT
    calls.clear()
    list(table.measured("tastegraph", (TRAIN_ONLY, VALID_KNOWN)))
    assert calls == [(18, 18), (18, 24)]
    assert set(dict(table.measured("itemknn", histories))) == set(histories)


def test_what_is_refitted_is_said_to_be(small, monkeypatch):
    data, _ = small
    benchmark = replace(BENCHMARKS["lastfm-lightkg"], histories=(VALID_KNOWN, TRAIN_AND_VALID))
    monkeypatch.setitem(BENCHMARKS, "lastfm-lightkg", benchmark)
    results = suite.run("lastfm-lightkg", data, 1)
    assert results["history"] == "train+valid, fitted on train"
    markdown = in_markdown(
        {"sets": {"lastfm-lightkg": results}, "machine": {"cpu": "", "python": ""}}
    )
    assert "history train+valid (refitted on train and valid, which the field's" in markdown


def test_rows_that_cannot_be_say_why(tmp_path):
    folders.lastfm(tmp_path)
    dataset = lastfm_lightkg(tmp_path)
    bare = item_features_of(dataset).graph_off().text_off()
    table = ModelGrid(dataset, bare, ModelConfig())
    assert set(table.absent()) == {"graph off", "graph shuffled", "text off", "text shuffled"}
    assert table.rows()[0] == "tastegraph"
    assert "ease" in table.rows()


def test_a_dense_baseline_is_left_out_where_it_would_not_fit(tmp_path, monkeypatch):
    folders.lastfm(tmp_path)
    dataset = lastfm_lightkg(tmp_path)
    monkeypatch.setattr(field, "MAX_DENSE_ITEMS", 5)
    table = ModelGrid(dataset, item_features_of(dataset), ModelConfig())
    assert list(table.absent()) == ["ease tuned"]
    monkeypatch.setattr(field, "MOST_DENSE_ITEMS", 5)
    assert list(table.absent()) == ["ease", "ease tuned"]


# Numbers and tables


def test_slices_stand_in_results_and_tables(small, monkeypatch):
    data, _ = small

    def load(data, seed):
        dataset = lastfm_lightkg(data)
        odd = np.arange(dataset.events.n_users) % 2 == 1
        return replace(dataset, slices={"odd": odd, "even": ~odd})

    plain = suite.run("lastfm-lightkg", data, 1)
    assert plain["slices"] == {}
    monkeypatch.setitem(
        BENCHMARKS, "lastfm-lightkg", replace(BENCHMARKS["lastfm-lightkg"], load=load)
    )
    results = suite.run("lastfm-lightkg", data, 1)
    for entry in (results, results["also"][TRAIN_AND_VALID]):
        assert [entry["slices"][name]["size"] for name in ("odd", "even")] == [3, 3]
        assert entry["slices"]["odd"]["rows"].keys() == entry["rows"].keys()
        assert entry["slices"]["odd"]["rows"]["ease"].keys() == entry["rows"]["ease"].keys()
        for row, values in entry["rows"].items():
            halves = [entry["slices"][name]["rows"][row]["mrr@10"] for name in ("odd", "even")]
            assert np.mean(halves) == pytest.approx(values["mrr@10"])
    results["published"][0]["slices"] = {"odd": {"recall@10": 0.4321}}
    machine = {"cpu": "", "python": ""}
    markdown = in_markdown({"sets": {"a": results, "b": plain}, "machine": machine})
    assert markdown.count("odd (3 users), even (3 users)") == 2
    assert "| model | recall@10, odd | mrr@10, odd | p, odd | recall@10, even |" in markdown
    assert "| LightGCN (AdaKG, README; 5 seeds) | 0.4321 | – | – | – | – | – |" in markdown
    assert len(rendered("a", results)) == 4
    assert len(rendered("b", plain)) == 2
    for old in (results, results["also"][TRAIN_AND_VALID]):
        del old["slices"]
    assert "odd (3" not in in_markdown({"sets": {"a": results}, "machine": machine})
    assert len(rendered("a", results)) == 2


def test_results_are_saved_beside_others_and_shown(small):
    data, _ = small
    results_of_set = suite.run("lastfm-lightkg", data, 2)
    file = data / "ranking.json"
    file.write_text(json.dumps({"sets": {"ml100k": results_of_set}}))
    suite.save(file, "lastfm-lightkg", results_of_set)
    results = json.loads(file.read_text())
    assert list(results["sets"]) == ["ml100k", "lastfm-lightkg"]
    entry = results["sets"]["lastfm-lightkg"]
    assert entry["history"] == TRAIN_ONLY
    assert set(entry["also"]) == {TRAIN_AND_VALID}
    assert len(entry["by_seed"]["tastegraph"]["recall@10"]) == 2
    assert len(entry["by_seed"]["ease"]["recall@10"]) == 1
    assert "AdaKG" in in_markdown(results)
    console = Console(width=200, file=io.StringIO())
    for table in rendered("lastfm-lightkg", entry):
        console.print(table)
    output = console.file.getvalue()
    assert "graph shuffled" in output
    assert "0.3053" in output


# Peers and the command


def test_peers_stand_in_the_table(small, monkeypatch):
    data, _ = small
    top = np.full((6, 20), -1, dtype=np.int32)
    top[:, 0] = (np.arange(6) + 4) % 6
    answers = [
        Outcome(Peer("RecBole", "EASE"), top, "1", 4.0, 3.0, 0.5, (), 9.0, True, None),
        Outcome(Peer("RecBole", "KGAT"), None, None, None, None, None, (), None, False, "broken"),
    ]
    monkeypatch.setattr(suite, "outcomes", lambda *_: answers)
    results = suite.run("lastfm-lightkg", data, 1, peers=True)
    assert results["rows"]["RecBole EASE"]["recall@10"] == 1
    assert results["absent"]["RecBole KGAT"] == "broken"
    assert "stopped after" in results["absent"]["RecBole EASE"]
    chase = results["chase"]["RecBole EASE"]
    assert (chase["valid"], chase["seconds"]) == (0.5, 3.0)
    assert list(results["chase"]) == ["RecBole EASE"]


def test_the_command_runs_one_benchmark(small, monkeypatch, capsys):
    data, _ = small
    file = data / "out.json"
    command = ["published", "lastfm-lightkg", "--data", data, "--json", file, "--seeds", 1]
    monkeypatch.setattr("sys.argv", [*map(str, command), "--markdown", str(data / "out.md")])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert "| lastfm-lightkg | recall@10 |" in (data / "out.md").read_text()
    assert "lastfm-lightkg" in capsys.readouterr().out
    assert json.loads(file.read_text())["sets"]["lastfm-lightkg"]["seeds"] == 1


def test_an_unknown_set_is_one_line(small, monkeypatch, capsys):
    data, _ = small
    monkeypatch.setattr("sys.argv", ["published", "netflix", "--data", str(data)])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    assert "netflix" in capsys.readouterr().err


def test_of_all_sets_those_that_are_missing_are_named_at_the_end(small, monkeypatch, capsys):
    data, _ = small
    some = {name: BENCHMARKS[name] for name in ("ml100k", "lastfm-lightkg")}
    monkeypatch.setattr(benchmarks, "BENCHMARKS", some)
    file = data / "out.json"
    command = ["published", "all", "--data", data, "--json", file, "--seeds", 1]
    monkeypatch.setattr("sys.argv", [*map(str, command)])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    assert "not measured: ml100k" in capsys.readouterr().err
    assert list(json.loads(file.read_text())["sets"]) == ["lastfm-lightkg"]


def test_names():
    assert named("all") == list(BENCHMARKS)
    with pytest.raises(NotFoundError):
        named("netflix")


def test_texts_are_read_and_kept(tmp_path, monkeypatch):
    folders.lastfm(tmp_path)
    folders.artists(tmp_path)
    dataset = lastfm_lightkg(tmp_path)
    monkeypatch.setenv("TASTEGRAPH_CACHE", str(tmp_path / "cache"))
    read = []

    class Reader:
        def __init__(self, folder, most, cache):
            self.cache = cache

        def encode(self, texts):
            read.extend(texts)
            return np.ones((len(texts), 3), dtype=np.float32)

    monkeypatch.setattr(reading, "Encoder", Reader)
    monkeypatch.setattr(reading, "find_model", lambda name, near: near)
    item_features = reading.item_features_of(dataset)
    assert read[0] == "Artist 0"
    assert item_features.text[: item_features.graph.n_items].all()
    assert (tmp_path / "cache/benchmark").is_dir()
