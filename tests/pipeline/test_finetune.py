"""Fine-tuning of a workspace's language model: every kind, every objective, and no leak."""

import dataclasses
import shutil

import numpy as np
import pytest

from tastegraph.core.errors import TastegraphError
from tastegraph.core.records import Event, Fact, Item
from tastegraph.pipeline import build, finetune, retention
from tastegraph.text.finetune.scratch import from_scratch
from tastegraph.workspace import Workspace
from tests.support import cinema, tiny_models

ALL = ["pretraining", "alignment", "co-engagement"]
FAST = {"pretraining_steps": 4, "steps": 4, "batch_size": 8, "max_tokens": 16, "frozen_layers": 0}


def words_of_films():
    return [f"{film.title}. {film.text}" for film in cinema.films()]


def workspace(directory, encoder, objectives, events=None, **text):
    settings = {
        **cinema.SETTINGS,
        "model": {"epochs": 2, "dimensions": 8},
        "text": {"encoder": str(encoder), "max_tokens": 16, **text},
        "finetuning": {"objectives": objectives, **FAST},
    }
    shop = Workspace.init(directory, settings)
    shop.ingest(
        items=cinema.films(),
        events=cinema.events() if events is None else events,
        facts={"films": cinema.facts()},
    )
    return shop


def model_of(shop):
    shop.build()
    return shop.snapshots.open().manifest["encoder"]


@pytest.fixture(scope="module")
def tiny_bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "bert"
    from_scratch(words_of_films(), folder, layers=1, width=64, vocabulary=200, max_tokens=32)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("make", [tiny_models.gpt2, tiny_models.xlnet])
def test_causal_and_permutation_models_are_finetuned(make, tmp_path):
    shop = workspace(tmp_path / "cinema", make(tmp_path / "model"), ALL)
    model = model_of(shop)
    assert (shop.directory / "models" / model).is_dir()
    (user, *_) = {event.user_id for event in cinema.events()}
    assert len(shop.recommend(user, 5).items) == 5
    assert shop.snapshots.open().arrays["text.vectors"].shape[1] == tiny_models.WIDTH


@pytest.mark.slow
def test_every_objective_is_reported(tiny_bert, tmp_path):
    shop = workspace(tmp_path / "cinema", tiny_bert, ALL, facts=True)
    finetuned = shop.directory / "models" / model_of(shop)
    others = [folder for folder in finetuned.parent.iterdir() if folder.is_dir()]
    assert len(others) == 2  # pre-trained, and fine-tuned after that
    assert len(finetune.finetuning_report(finetuned)["losses"]) == FAST["steps"]
    (pretrained,) = (folder for folder in others if folder != finetuned)
    assert finetune.finetuning_report(pretrained)["objective"] == "masked"


@pytest.mark.slow
def test_model_is_finetuned_once(tiny_bert, tmp_path, monkeypatch):
    shop = workspace(tmp_path / "cinema", tiny_bert, ALL)
    first = model_of(shop)
    for name in ("pretrain", "finetune"):
        monkeypatch.setattr(finetune, name, lambda *_, **__: pytest.fail("fine-tuned again"))
    shutil.rmtree(shop.directory / "snapshots")
    assert model_of(shop) == first


@pytest.mark.slow
def test_held_out_events_do_not_change_the_model(tiny_bert, tmp_path):
    """If every user's newest like were of another film, the model would be the same."""
    events = cinema.events()
    films = [film.item_id for film in cinema.films()]
    rated = {}
    for event in events:
        rated.setdefault(event.user_id, {})[event.item_id] = event
    newest = {
        max((e for e in mine.values() if e.value > 3), key=lambda e: e.timestamp).event_id
        for mine in rated.values()
    }
    others = [
        dataclasses.replace(
            event, item_id=next(film for film in films if film not in rated[event.user_id])
        )
        if event.event_id in newest
        else event
        for event in events
    ]
    assert sum(a != b for a, b in zip(events, others, strict=True)) == len(rated)
    first = model_of(workspace(tmp_path / "one", tiny_bert, ["co-engagement"], events))
    assert first == model_of(workspace(tmp_path / "two", tiny_bert, ["co-engagement"], others))
    fewer = [event for event in events if not event.user_id.startswith("western")]
    assert first != model_of(workspace(tmp_path / "three", tiny_bert, ["co-engagement"], fewer))


@pytest.mark.slow
def test_likes_of_cold_items_do_not_change_the_model(tiny_bert, tmp_path):
    from tastegraph.models.cold_start import cold_item_holdout

    names = sorted(film.item_id for film in cinema.films())
    cold = {name for name, plays in zip(names, cold_item_holdout(names, 1), strict=True) if plays}
    assert 0 < len(cold) < len(names) / 2
    # Its events go on counting for the split, so that what is held out stays the same.
    first = model_with_changed_likes(tiny_bert, tmp_path / "one", lambda items, likes: likes)

    def without_cold(items, likes):
        likes = likes.toarray()
        likes[:, [name in cold for name in items]] = False
        return likes

    assert first == model_with_changed_likes(tiny_bert, tmp_path / "two", without_cold)


def model_with_changed_likes(source, directory, change):
    """Name of the model that is fine-tuned after ``change`` is applied to the likes."""
    from scipy import sparse

    shop = workspace(directory, source, ["co-engagement"])
    folders = []

    def with_change(source, data, *settings):
        items = sorted(film.item_id for film in cinema.films())
        likes = sparse.csr_array(change(items, data.user_items))
        folders.append(original(source, dataclasses.replace(data, user_items=likes), *settings))
        return folders[-1]

    original = build.finetune_encoder
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "finetune_encoder", with_change)
        shop.build()
    (folder,) = folders
    return folder.name


@pytest.mark.slow
def test_new_texts_are_encoded_by_the_model_that_the_network_was_trained_on(tiny_bert, tmp_path):
    shop = workspace(tmp_path / "cinema", tiny_bert, ["co-engagement"])
    before = model_of(shop)
    vectors = shop.snapshots.open().arrays["text.vectors"][:24].copy()
    shop.ingest(items=[Item("zz-new", "Cowboys", "cowboys ride through the desert")])
    shop.build(only={"graph", "text"})
    snapshot = shop.snapshots.open()
    assert snapshot.manifest["encoder"] == before
    np.testing.assert_allclose(snapshot.arrays["text.vectors"][:24], vectors, atol=1e-6)
    assert snapshot.everything["text.flags"].tolist() == [False, True]
    silent = shop.config.finetuning.model_copy(update={"objectives": ()})
    shop.config = shop.config.model_copy(update={"finetuning": silent})
    shop.build(only={"graph", "text"})
    assert shop.snapshots.open().everything["text.flags"].tolist() == [False, True]
    shop.config = workspace(tmp_path / "other", tiny_bert, ["co-engagement"]).config
    assert model_of(shop) != before  # all stages are built: the new text is used too


@pytest.mark.slow
def test_nothing_is_finetuned_without_objectives(tiny_bert, tmp_path):
    shop = workspace(tmp_path / "cinema", tiny_bert, [])
    model_of(shop)
    assert not (shop.directory / "models").exists()


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["alignment", "co-engagement"])
def test_objective_without_data_is_skipped(objective, tiny_bert, tmp_path, capsys):
    """All facts and events are of items without a text or of the cold-item holdout."""
    settings = {
        **cinema.SETTINGS,
        "model": {"epochs": 1, "dimensions": 8},
        "text": {"encoder": str(tiny_bert), "max_tokens": 16},
        "finetuning": {"objectives": [objective], **FAST},
    }
    shop = Workspace.init(tmp_path / "cinema", settings)
    silent = [Item(f"silent-{k}", "", "") for k in range(4)]
    films = [dataclasses.replace(film, attributes={}) for film in cinema.films()]
    facts = [Fact(f"item:{item.item_id}", "directed_by", "person:1") for item in silent]
    events = [
        Event(f"{user}-{item.item_id}", f"fan-{user}", item.item_id, "like", None, float(user))
        for user in range(12)
        for item in silent
    ]
    shop.ingest(items=[*silent, *films], facts={"films": facts}, events=events)
    assert model_of(shop) == str(tiny_bert)
    assert f"the objective {objective} is passed over" in capsys.readouterr().err


@pytest.mark.slow
def test_texts_encoded_by_the_previous_model_are_stale(tiny_bert, tmp_path):
    """While the network stays, so does its language model, not the one configured since."""
    shop = workspace(tmp_path / "cinema", tiny_bert, [])
    first = model_of(shop)
    other = tiny_models.gpt2(tmp_path / "other")
    shop.config = workspace(tmp_path / "configured", other, []).config
    shop.build(only={"graph", "text"})
    assert shop.snapshots.open().manifest["encoder"] == first
    shop.build(only={"model"})
    with pytest.raises(TastegraphError, match="its text was built"):
        shop.evaluate()
    assert model_of(shop) == str(other)
    shop.ingest(items=[Item("zz-new", "Cowboys")])
    version = shop.build(only={"graph", "text"})
    assert shop.build(only={"graph", "text"}) == version


@pytest.mark.slow
def test_finetuned_models_are_pruned_with_snapshots(tiny_bert, tmp_path, monkeypatch):
    monkeypatch.setattr(retention, "RETAINED_MODELS", 2)
    monkeypatch.setattr(build, "RETAINED_ENCODERS", 1)
    shop = workspace(tmp_path / "cinema", tiny_bert, ["alignment"])
    models = shop.directory / "models"
    (models / "mine").mkdir(parents=True)
    names = []
    for seed in (1, 2, 3):
        model = shop.config.model.model_copy(update={"seed": seed})
        shop.config = shop.config.model_copy(update={"model": model})
        names.append(model_of(shop))
        (models / f"{'0' * 32}.state").mkdir()
    assert {path.name for path in models.iterdir()} == {
        "mine", *names[1:], *(f"{name}.json" for name in names[1:]), f"{'0' * 32}.state",
    }  # fmt: skip
    shop.snapshots.point_to("000002")
    assert shop.engine.associate("cowboys", 1).items
