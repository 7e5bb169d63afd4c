"""Peers run in processes of their own: whatever they do, there is a row."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.peers.bench import Clock
from benchmarks.peers.split import Split
from benchmarks.published import peer as peer_module
from benchmarks.published import peers
from benchmarks.published.peer import PEERS, Peer, fitting
from benchmarks.published.peers import run_peers

from tastegraph.core.errors import NotFoundError

pytestmark = pytest.mark.slow

SCRIPT = """
import json, os, sys, time
import numpy as np
model, folder, out = sys.argv[1:4]
k = int(sys.argv[sys.argv.index("--k") + 1])
report = {
    "version": "1.0", "seconds_total": 2.0, "seconds_to_best": 1.5, "best_valid": 0.25,
    "epochs": 2, "course": [[1.5, 0.25], [1.9, 0.2]], "peak_rss_mb": 100.0,
    "stopped": model == "slow", "error": None,
}
lists = np.arange(3 * k, dtype=np.int32).reshape(3, k)
if model == "crash":
    import no_such_library
if model == "killed":
    os.kill(os.getpid(), 9)
if model == "hang":
    time.sleep(60)
if model == "fails":
    report["error"] = "ValueError: Training loss is nan"
if model == "wide":
    lists = np.zeros((3, k + 1), dtype=np.int32)
if model == "foreign":
    lists += 1000
if model == "objects":
    lists = lists.astype(object)
if model == "shared":
    import benchmarks.peers.split
if model == "threads":
    lists[:] = int(os.environ["OMP_NUM_THREADS"])
np.save(os.path.join(out, "lists.npy"), lists)
if model != "silent":
    json.dump(report, open(os.path.join(out, "peer.json"), "w"))
"""


@pytest.fixture
def home(tmp_path):
    (tmp_path / "peers").mkdir()
    (tmp_path / "peers/fake_peer.py").write_text(SCRIPT)
    python = tmp_path / ".venv-peers/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return tmp_path


@pytest.fixture
def outcome(home):
    def run(model):
        (came,) = run_peers(
            [Peer("Fake", model)],
            home,
            home / "out",
            (4, 100),
            k=5,
            limit=1,
            threads=3,
            home=home,
        )
        return came

    return run


def test_good_lists_come_back_with_what_was_measured(outcome):
    came = outcome("good")
    assert came.error is None
    assert came.lists.tolist() == [*np.arange(15).reshape(3, 5).tolist(), [-1] * 5]
    assert (came.seconds_total, came.seconds_to_best, came.best_valid) == (2.0, 1.5, 0.25)
    assert came.course == ((1.5, 0.25), (1.9, 0.2))
    assert (came.version, came.peak_rss_mb, came.stopped) == ("1.0", 100.0, False)


def test_a_peer_can_import_what_all_peers_share(outcome):
    assert outcome("shared").error is None


def test_a_peer_stopped_at_its_limit_still_counts(outcome):
    came = outcome("slow")
    assert came.stopped
    assert came.lists is not None


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("crash", "No module named 'no_such_library'"),
        ("killed", "SIGKILL"),
        ("fails", "Training loss is nan"),
        ("wide", "(3, 6), not (4, 5)"),
        ("foreign", "100 items"),
        ("objects", "Object arrays"),
        ("silent", "peer.json"),
    ],
)
def test_whatever_goes_wrong_is_a_row_that_says_so(outcome, model, message):
    came = outcome(model)
    assert message in came.error
    assert "\n" not in came.error
    assert came.lists is None


def test_a_peer_that_hangs_is_ended(outcome, monkeypatch):
    monkeypatch.setattr(peers, "GRACE", 0.0)
    assert "not done after 1 s" in outcome("hang").error


def test_old_lists_are_never_taken_for_new_ones(outcome, home):
    outcome("good")
    (home / "out/fake-good").rename(home / "out/fake-crash")
    assert outcome("crash").lists is None


def run_once(home, limit, model="good"):
    (came,) = run_peers(
        [Peer("Fake", model)], home, home / "out", (4, 100), k=5, limit=limit, threads=3, home=home
    )
    return came


def test_a_finished_peer_is_not_run_again_until_something_changes(home):
    (home / "set.train.inter").write_text("0 0 0\n")
    log = home / "out/fake-good/log.txt"
    first = run_once(home, math.inf)
    log.unlink()
    assert run_once(home, math.inf).course == first.course
    assert not log.exists()
    (home / "set.train.inter").write_text("0 1 0\n")
    run_once(home, math.inf)
    assert log.exists(), "the set is another"
    log.unlink()
    run_once(home, 5.0)
    assert log.exists(), "the limit is another"


def test_a_failed_peer_is_run_again(home):
    assert run_once(home, math.inf, "fails").error
    log = home / "out/fake-fails/log.txt"
    log.unlink()
    run_once(home, math.inf, "fails")
    assert log.exists()


def test_an_interrupted_training_finds_its_checkpoint_and_no_other_does(home):
    place = home / "out/fake-crash"
    run_once(home, math.inf, "crash")
    (place / "checkpoint.pt").touch()
    run_once(home, math.inf, "crash")
    assert (place / "checkpoint.pt").exists()
    run_once(home, 5.0, "crash")
    assert not (place / "checkpoint.pt").exists()


def test_what_ended_by_itself_stands_for_a_peer_whatever_the_limit(home, monkeypatch):
    peer = Peer("Fake", "good")
    monkeypatch.setattr(peers, "CONVERGING", (peer,))
    monkeypatch.setattr(peer_module, "CONVERGING", (peer,))
    (limited,) = peers.outcomes([peer], home, (4, 100), 5.0, home)
    assert limited.limit == 5.0
    (whole,) = peers.outcomes([peer], home, (4, 100), math.inf, home)
    assert whole.ending() == "converged after 2 epochs"
    (again,) = peers.outcomes([peer], home, (4, 100), 5.0, home)
    assert again.ending() == "converged after 2 epochs"


def test_a_clock_goes_on_where_it_was():
    clock = Clock(math.inf)
    clock.resume([(10.0, 0.2), (20.0, 0.1)])
    assert (clock.best, clock.seconds_to_best) == (0.2, 10.0)
    with clock.running():
        assert not clock.better(0.15)
        assert clock.better(0.3)
    assert clock.course[-1][0] >= 20.0
    assert [valid for _, valid in clock.course] == [0.2, 0.1, 0.15, 0.3]


def test_threads_are_set_for_every_library(outcome):
    assert set(outcome("threads").lists[0]) == {3}


def test_without_facts_no_peer_that_needs_them(tmp_path):
    assert not any(peer.needs_facts for peer in fitting(tmp_path))
    (tmp_path / "set.kg").touch()
    assert fitting(tmp_path) == PEERS


def test_a_missing_environment_says_how_to_make_it(tmp_path):
    with pytest.raises(NotFoundError, match="make benchmarks"):
        list(run_peers(PEERS, tmp_path, tmp_path, (1, 1), k=1, limit=1, threads=1, home=tmp_path))


def test_every_peer_has_its_script():
    for peer in PEERS:
        assert (peers.HOME / "peers" / f"{peer.library.lower()}_peer.py").exists()


def test_peers_choose_by_our_ndcg():
    """Two users want one and two items: the first at rank 2, the second's at ranks 1 and 3."""
    valid = np.array([[0, 4], [2, 1], [2, 5]])
    split = Split(Path(), "set", valid[:0], valid, np.zeros(0), 3, 6, 3)
    lists = np.array([[3, 4, 0], [-1, -1, -1], [1, 2, 5]], dtype=np.int32)
    second = (1 + 1 / np.log2(4)) / (1 + 1 / np.log2(3))
    assert split.ndcg(lists) == pytest.approx((1 / np.log2(3) + second) / 2)
