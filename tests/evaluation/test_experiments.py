"""What came of experiments: by hand, and through the store with a known winner, or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tastegraph.core.config import Config
from tastegraph.core.errors import NotFoundError
from tastegraph.core.records import Event, Item
from tastegraph.evaluation.experiments import (
    MIN_USERS,
    ExperimentFeedback,
    experiments_from_store,
    feedback_by_experiment,
)
from tastegraph.serving.lists.assignment import Experiments
from tastegraph.store import erasure, served_lists
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.schema import metadata
from tastegraph.store.served_lists import Exposure, ListPlace, ServedList
from tastegraph.workspace import Workspace

CONFIG = Config.model_validate(
    {"experiments": {"new": {"variants": {"other": {"share": 0.5, "snapshot": "000002"}}}}}
)


def place(
    list_id: str, user: str | None, variant: str, item: str, events: Sequence[str] = ()
) -> Exposure:
    return Exposure(
        list_id, "m", 1.0, item, 1, 1.0, True, tuple(events), user, "new", variant, "000001"
    )


def test_counts_by_hand() -> None:
    places = [
        place("1", "ann", "other", "x", ["click", "purchase"]),
        place("1", "ann", "other", "y", ["click"]),
        place("2", "ann", "other", "x", ["impression"]),
        place("3", None, "other", "x"),
        place("4", "bob", "control", "x", ["click"]),
        place("5", "cem", "control", "x"),
        place("6", "cem", "other", "x", ["click"]),
    ]
    (report,) = feedback_by_experiment(places, CONFIG.experiments, {"click", "purchase"})
    control, other = report.variants
    assert report.running
    assert report.mixed_users == 1, "cem was shown both"
    assert (control.variant, control.share, control.users, control.lists) == ("control", 0.5, 1, 1)
    assert (other.variant, other.users, other.lists, other.items) == ("other", 2, 3, 4)
    assert other.responses == 1
    assert other.events == {"click": 2, "purchase": 1}
    assert other.rate == pytest.approx(1 / 3)
    assert other.snapshots == {"000001": 3}
    (comparison,) = report.comparisons
    assert (comparison.variant, comparison.reference) == ("other", "control")
    assert comparison.difference == pytest.approx(1 / 3 - 1)
    assert comparison.verdict == "undecided"
    assert f"at least {MIN_USERS} users" in comparison.text


def test_without_lists_nothing_is_claimed() -> None:
    (report,) = feedback_by_experiment([], CONFIG.experiments, {"click"}, "zh")
    assert [(v.rate, v.low, v.high) for v in report.variants] == 2 * [(None, 0, 1)]
    assert (report.comparisons[0].difference, report.comparisons[0].verdict) == (None, "undecided")
    assert "尚不能判断" in report.comparisons[0].text


def test_an_experiment_that_ended_is_still_reported() -> None:
    places = [place("1", "ann", "other", "x"), place("2", "bob", "control", "x")]
    (report,) = feedback_by_experiment(places, {}, {"click"})
    assert not report.running
    assert [variant.variant for variant in report.variants] == ["control", "other"]
    assert [variant.share for variant in report.variants] == [None, None]


def test_several_comparisons_share_the_error() -> None:
    """The same lists: beside one variant it is told, beside three others not."""
    places = [
        place(f"{variant}{k}", f"{variant}{k}", variant, "x", ["click"] if k < clicks else [])
        for variant, clicks in (("control", 100), ("a", 148))
        for k in range(500)
    ]
    more = [place(f"{v}{k}", f"{v}{k}", v, "x") for v in ("b", "c", "d") for k in range(1)]
    (alone,) = feedback_by_experiment(places, {}, {"click"})
    (crowded,) = feedback_by_experiment([*places, *more], {}, {"click"})
    width = [r.comparisons[0].high - r.comparisons[0].low for r in (alone, crowded)]
    assert [r.comparisons[0].variant for r in (alone, crowded)] == ["a", "a"]
    assert width[0] < width[1]


def simulated(
    directory: Path, rates: dict[str, float], seed: int, n_users: int = 800
) -> ExperimentFeedback:
    """Lists of users who come once or more, stored as served, and their clicks, as events."""
    rng = np.random.default_rng(seed)
    experiments = Experiments(CONFIG.experiments)
    database = Database(directory / f"{seed}.db", metadata)
    with database.writing() as connection:
        clicks = []
        for k in range(n_users):
            user = f"user-{seed}-{k}"
            variant = experiments.assign(user, None).variant
            assert variant is not None
            taste = rng.beta(3 * rates[variant], 3 * (1 - rates[variant]))
            for visit in range(rng.geometric(0.5)):
                name = f"{user}-{visit}"
                places = [ListPlace(f"i{rank}", 1.0, 1.0, True) for rank in range(3)]
                served = ServedList(name, user, float(k), "000001", "m", "g", 0, {}, places, "new",
                                    variant)  # fmt: skip
                served_lists.save(connection, served)
                if rng.random() < taste:
                    item = f"i{rng.integers(3)}"
                    clicks.append(
                        Event(name, user, item, "click", None, 1.0, recommendation_id=name)
                    )
        log.append(connection, clicks)
    (report,) = experiments_from_store(database, CONFIG)
    database.close()
    return report


@pytest.mark.parametrize("seed", range(3))
def test_known_winner_and_tie_are_told_through_the_store(tmp_path: Path, seed: int) -> None:
    won = simulated(tmp_path, {"control": 0.2, "other": 0.4}, seed).comparisons[0]
    assert (won.verdict, won.text) == ("better", "other is better than control")
    assert won.low > 0
    tie = simulated(tmp_path, {"control": 0.3, "other": 0.3}, seed + 100).comparisons[0]
    assert tie.verdict == "undecided"
    assert tie.low < 0 < tie.high


def test_drift_looks_at_lists_that_no_variant_changed(tmp_path: Path) -> None:
    database = Database(tmp_path / "store.db", metadata)
    places = [ListPlace("x", 1.0, 1.0, True)]
    with database.writing() as connection:
        for name, of in (("plain", ()), ("a", ("new", "control")), ("b", ("new", "other"))):
            served = ServedList(name, "ann", 1.0, "000001", "m", "g", 0, {}, places, *of)
            served_lists.save(connection, served)
    with database.reading() as connection:
        names = {
            which: [place.recommendation_id for place in served_lists.exposures(
                connection, experiments=which)]
            for which in ("all", "only", "outside")
        }  # fmt: skip
    database.close()
    assert names == {"all": ["a", "b", "plain"], "only": ["a", "b"], "outside": ["a", "plain"]}


def test_editing_an_experiment_makes_no_build_stale(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "shop", {})
    workspace.ingest(items=[Item("x", "X")])
    before = workspace.fingerprint()
    settings = CONFIG.model_dump(mode="json", include={"experiments"})
    settings["surfaces"] = {"home": {"n": 5}}
    workspace.config = Config.model_validate({"name": workspace.config.name, **settings})
    assert workspace.fingerprint() == before
    workspace.close()


def test_clicks_beside_the_list_and_dislikes_are_no_response(tmp_path: Path) -> None:
    database = Database(tmp_path / "store.db", metadata)
    with database.writing() as connection:
        served = ServedList("l", "ann", 1.0, "000001", "m", "g", 0, {},
                            [ListPlace("x", 1.0, 1.0, True)], "new", "other")  # fmt: skip
        served_lists.save(connection, served)
        log.append(connection, [
            Event("1", "ann", "y", "click", None, 1.0, recommendation_id="l"),
            Event("2", "ann", "x", "click", None, 1.0),
            Event("3", "ann", "x", "dislike", None, 1.0, recommendation_id="l"),
        ])  # fmt: skip
    (report,) = experiments_from_store(database, CONFIG)
    assert (report.variants[1].lists, report.variants[1].responses) == (1, 0)
    with database.writing() as connection:
        log.append(
            connection, [Event("4", "ann", "x", "purchase", None, 1.0, recommendation_id="l")]
        )
    assert experiments_from_store(database, CONFIG)[0].variants[1].events == {"purchase": 1}
    assert experiments_from_store(database, CONFIG, kind="click")[0].variants[1].responses == 0
    assert experiments_from_store(database, CONFIG, since=2.0)[0].variants[1].lists == 0
    with pytest.raises(NotFoundError, match="'dislike' counts for its item; those of click, "):
        experiments_from_store(database, CONFIG, kind="dislike")
    with database.writing() as connection:
        erasure.erase_user(connection, "ann")
    assert experiments_from_store(database, CONFIG)[0].variants[1].lists == 0
    database.close()
