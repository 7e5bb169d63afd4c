"""First lists by closed forms, soon; the full model replaces them when it is ready and no worse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tastegraph.core.config import Config, ModelConfig
from tastegraph.models import tuning
from tastegraph.models.base import BEHAVIOUR, KNOWN, NETWORK, NEW, POPULARITY
from tastegraph.models.closed_forms import CLOSED_FORMS, fit_closed_forms, without_texts
from tastegraph.models.ease import EASE
from tastegraph.models.fitted_model import default_hyperparameters
from tastegraph.models.safeguard import BLEND
from tastegraph.models.tuning import FIRST_LISTS, choose
from tastegraph.pipeline import build as pipeline_build
from tastegraph.workspace import Workspace
from tests.models.test_tuning import world
from tests.support.cinema import SETTINGS, events, facts, films

CONFIG = ModelConfig(dimensions=8, epochs=1)


@pytest.fixture
def shop(tmp_path):
    workspace = Workspace.init(tmp_path / "cinema", SETTINGS)
    workspace.ingest(items=films(), events=events(), facts={"films": facts()})
    yield workspace
    workspace.close()


@pytest.mark.slow
def test_first_lists_need_neither_text_nor_network(shop, monkeypatch):
    monkeypatch.setattr(pipeline_build, "encode_item_features", None)
    monkeypatch.setattr(pipeline_build, "tune_and_fit", None)
    version = shop.build(publish="first")
    manifest = shop.snapshots.manifest(version)
    assert manifest["first_lists"]
    assert set(manifest["parts"]) <= {*CLOSED_FORMS, "text", "mapped text", "mapped knowledge"}
    answer = shop.recommend("western-fan-1", 5)
    assert answer.personal
    assert all(item.reasons for item in answer.items)
    assert all(item.item_id.startswith("western") for item in answer.items[:2])


@pytest.mark.slow
def test_the_full_model_replaces_them_and_the_next_build_goes_on(shop, capsys):
    first = shop.build(publish="first")
    assert shop.build(publish="first") == first
    assert f"snapshot {first} is in service" in capsys.readouterr().err
    full = shop.build(publish="first and full")
    manifest = shop.snapshots.manifest(full)
    assert full != first
    assert not manifest["first_lists"]
    assert NETWORK in manifest["parts"]
    assert FIRST_LISTS not in [row["model"] for row in manifest["choice"]["compared"]]
    assert shop.build() == full


@pytest.mark.slow
def test_one_build_publishes_both_and_says_when_lists_are_ready(shop, capsys):
    published = []
    publish = shop.snapshots.publish

    def recorded(manifest, arrays):
        published.append(manifest["first_lists"])
        return publish(manifest, arrays)

    shop.snapshots.publish = recorded
    shop.build(publish="first and full")
    assert published == [True, False]
    assert "first lists are ready: 'tastegraph recommend" in capsys.readouterr().err


@pytest.mark.slow
def test_where_a_snapshot_is_in_service_no_first_lists_take_its_place(cinema):
    before = cinema.snapshots.versions()
    cinema.record([replace(events()[0], event_id="one-more", timestamp=1.7e9)])
    cinema.build(publish="first and full")
    assert len(cinema.snapshots.versions()) == len(before) + 1


def test_closed_forms_are_ease_where_its_table_is_small():
    item_features, training, _ = world()
    fitted_model, model = fit_closed_forms(
        without_texts(item_features.graph, item_features.associations),
        training,
        Config(model=CONFIG),
    )
    assert fitted_model.hyperparameters.params[BEHAVIOUR] == EASE.default
    assert set(fitted_model.learned) == set(CLOSED_FORMS)
    colour = np.arange(training.n_items) % 2
    for user, scores in enumerate(model.score(training.histories())):
        unseen = np.ones(training.n_items, bool)
        unseen[training.items[training.users == user]] = False
        best = np.flatnonzero(unseen)[np.argmax(scores[unseen])]
        assert colour[best] == user % 2


@pytest.mark.parametrize("better", [True, False])
def test_the_better_of_both_on_validation_data_is_served(monkeypatch, better):
    """What was in service stays only where it leads by more than chance."""
    item_features, training, valid = world()
    blind = default_hyperparameters(ordered=False)
    weights = {segment: {POPULARITY if not better else BEHAVIOUR: 1.0} for segment in (KNOWN, NEW)}
    first = fit_closed_forms(item_features, training, Config(model=CONFIG))[0]
    first = replace(first, hyperparameters=replace(blind, weights=weights))
    compare = tuning.compare

    def worse_blend(model, others, validation):
        rows = compare(model, others, validation)
        if better:
            rows = tuple(replace(row, served=row.model == FIRST_LISTS) for row in rows)
        return rows

    monkeypatch.setattr(tuning, "compare", worse_blend)
    fitted_model = choose(item_features, training, valid, CONFIG, first=first)
    chosen = fitted_model.hyperparameters
    served = [row.model for row in chosen.compared if row.served]
    assert (served == [FIRST_LISTS]) == better
    assert (chosen.weights == weights) == better
    if not better:
        assert chosen.compared[0].model == BLEND


def test_first_and_wait_exclude_each_other(tastegraph, tmp_path):
    Workspace.init(tmp_path / "shop", SETTINGS).close()
    result = tastegraph("build", tmp_path / "shop", "--first", "--wait")
    assert result.code
    assert "give one" in result.err
