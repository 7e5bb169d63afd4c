"""A workspace that teaches its own language model: every kind, every lesson, and no leak."""

import dataclasses
import os
import shutil

import numpy as np
import pytest

from tastegraph.core.errors import TastegraphError
from tastegraph.core.records import Event, Fact, Item
from tastegraph.pipeline import build, keeping, teach
from tastegraph.pipeline import taught as taught_models
from tastegraph.text.finetune.scratch import from_scratch
from tastegraph.workspace import Workspace
from tests.support import cinema, tiny_models

ALL = ["pretraining", "alignment", "co-engagement"]
FAST = {"pretraining_steps": 4, "steps": 4, "batch_size": 8, "max_tokens": 16, "frozen_layers": 0}


def words_of_films():
    return [f"{film.title}. {film.text}" for film in cinema.films()]


def workspace(directory, encoder, lessons, events=None, **text):
    settings = {
        **cinema.SETTINGS,
        "model": {"epochs": 2, "dimensions": 8},
        "text": {"encoder": str(encoder), "max_tokens": 16, **text},
        "teaching": {"lessons": lessons, **FAST},
    }
    made = Workspace.init(directory, settings)
    made.ingest(
        items=cinema.films(),
        events=cinema.events() if events is None else events,
        facts={"films": cinema.facts()},
    )
    return made


def model_of(made):
    made.build()
    return made.snapshots.open().manifest["encoder"]


@pytest.fixture(scope="module")
def tiny_bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "bert"
    from_scratch(words_of_films(), folder, layers=1, width=64, vocabulary=200, max_tokens=32)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("make", [tiny_models.gpt2, tiny_models.xlnet])
def test_causal_and_permutation_models_are_taught_and_recommend(make, tmp_path):
    made = workspace(tmp_path / "cinema", make(tmp_path / "model"), ALL)
    taught = model_of(made)
    assert (made.directory / "models" / taught).is_dir()
    (user, *_) = {event.user_id for event in cinema.events()}
    assert len(made.recommend(user, 5).items) == 5
    assert made.snapshots.open().arrays["text.vectors"].shape[1] == tiny_models.WIDTH


@pytest.mark.slow
def test_every_lesson_is_taught_and_told_of(tiny_bert, tmp_path):
    made = workspace(tmp_path / "cinema", tiny_bert, ALL, facts=True)
    taught = made.directory / "models" / model_of(made)
    others = [folder for folder in taught.parent.iterdir() if folder.is_dir()]
    assert len(others) == 2  # pre-trained, and that one taught further
    assert len(taught_models.report_of(taught)["losses"]) == FAST["steps"]
    (pretrained,) = (folder for folder in others if folder != taught)
    assert taught_models.report_of(pretrained)["objective"] == "masked"


@pytest.mark.slow
def test_a_model_is_taught_once(tiny_bert, tmp_path, monkeypatch):
    made = workspace(tmp_path / "cinema", tiny_bert, ALL)
    first = model_of(made)
    for name in ("pretrain", "finetune"):
        monkeypatch.setattr(teach, name, lambda *_, **__: pytest.fail("taught again"))
    shutil.rmtree(made.directory / "snapshots")
    assert model_of(made) == first


@pytest.mark.slow
def test_held_out_events_teach_nothing(tiny_bert, tmp_path):
    """Had everybody's newest like been of another film, the model would be the same."""
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
def test_items_that_play_cold_teach_nothing(tiny_bert, tmp_path):
    from tastegraph.models.cold import cold_item_holdout

    names = sorted(film.item_id for film in cinema.films())
    cold = {name for name, plays in zip(names, cold_item_holdout(names, 1), strict=True) if plays}
    assert 0 < len(cold) < len(names) / 2
    # Its events go on counting for the split, so that what is held out stays the same.
    first = teach_by(tiny_bert, tmp_path / "one", lambda items, likes: likes)

    def without_cold(items, likes):
        likes = likes.toarray()
        likes[:, [name in cold for name in items]] = False
        return likes

    assert first == teach_by(tiny_bert, tmp_path / "two", without_cold)


def teach_by(source, directory, change):
    """The taught model's name, ``change`` made to what Material is told of behaviour."""
    from scipy import sparse

    made = workspace(directory, source, ["co-engagement"])
    seen = {}

    def remembered(source, material, told, seed, models, read):
        items = sorted(film.item_id for film in cinema.films())
        likes = sparse.csr_array(change(items, material.likes))
        seen["model"] = real(
            source, dataclasses.replace(material, likes=likes), told, seed, models, read
        )
        return seen["model"]

    real = teach.teach
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teach, "teach", remembered)
        made.build()
    return seen["model"].name


@pytest.mark.slow
def test_new_texts_are_read_by_the_model_that_the_network_knows(tiny_bert, tmp_path):
    made = workspace(tmp_path / "cinema", tiny_bert, ["co-engagement"])
    before = model_of(made)
    vectors = made.snapshots.open().arrays["text.vectors"][:24].copy()
    made.ingest(items=[Item("zz-new", "Cowboys", "cowboys ride through the desert")])
    made.build(only={"graph", "text"})
    snapshot = made.snapshots.open()
    assert snapshot.manifest["encoder"] == before
    np.testing.assert_allclose(snapshot.arrays["text.vectors"][:24], vectors, atol=1e-6)
    assert snapshot.arrays["text.flags"].tolist() == [False, True]
    silent = made.config.teaching.model_copy(update={"lessons": ()})
    made.config = made.config.model_copy(update={"teaching": silent})
    made.build(only={"graph", "text"})
    assert made.snapshots.open().arrays["text.flags"].tolist() == [False, True]
    made.config = workspace(tmp_path / "other", tiny_bert, ["co-engagement"]).config
    assert model_of(made) != before  # built whole, the new text is a lesson too


@pytest.mark.slow
def test_without_lessons_nothing_is_taught(tiny_bert, tmp_path):
    made = workspace(tmp_path / "cinema", tiny_bert, [])
    model_of(made)
    assert not (made.directory / "models").exists()


@pytest.mark.slow
@pytest.mark.parametrize("lesson", ["alignment", "co-engagement"])
def test_a_lesson_without_anything_to_teach_by_is_passed_over(lesson, tiny_bert, tmp_path, capsys):
    """What is stated, and what people did, is of items that have no text or that play cold."""
    settings = {
        **cinema.SETTINGS,
        "model": {"epochs": 1, "dimensions": 8},
        "text": {"encoder": str(tiny_bert), "max_tokens": 16},
        "teaching": {"lessons": [lesson], **FAST},
    }
    made = Workspace.init(tmp_path / "cinema", settings)
    silent = [Item(f"silent-{k}", "", "") for k in range(4)]
    told = [dataclasses.replace(film, attributes={}) for film in cinema.films()]
    facts = [Fact(f"item:{item.item_id}", "directed_by", "person:1") for item in silent]
    events = [
        Event(f"{user}-{item.item_id}", f"fan-{user}", item.item_id, "like", None, float(user))
        for user in range(12)
        for item in silent
    ]
    made.ingest(items=[*silent, *told], facts={"films": facts}, events=events)
    assert model_of(made) == str(tiny_bert)
    assert f"the lesson {lesson} is passed over" in capsys.readouterr().err


@pytest.mark.slow
def test_a_text_read_by_the_model_of_before_is_not_new(tiny_bert, tmp_path):
    """While the network stays, its language model does: the one that is asked for now has read
    nothing yet."""
    made = workspace(tmp_path / "cinema", tiny_bert, [])
    first = model_of(made)
    other = tiny_models.gpt2(tmp_path / "other")
    made.config = workspace(tmp_path / "asked", other, []).config
    made.build(only={"graph", "text"})
    assert made.snapshots.open().manifest["encoder"] == first
    made.build(only={"model"})
    with pytest.raises(TastegraphError, match="its text was built"):
        made.evaluate()
    assert model_of(made) == str(other)
    made.ingest(items=[Item("zz-new", "Cowboys")])
    version = made.build(only={"graph", "text"})
    assert made.build(only={"graph", "text"}) == version


@pytest.mark.slow
def test_models_are_pruned_as_snapshots_are(tiny_bert, tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "MODELS", 2)
    monkeypatch.setattr(build, "KEPT_MODELS", 1)
    made = workspace(tmp_path / "cinema", tiny_bert, ["alignment"])
    models = made.directory / "models"
    (models / "mine").mkdir(parents=True)
    names = []
    for seed in (1, 2, 3):
        model = made.config.model.model_copy(update={"seed": seed})
        made.config = made.config.model_copy(update={"model": model})
        names.append(model_of(made))
        (models / f"{'0' * 32}.state").mkdir()
    assert {path.name for path in models.iterdir()} == {
        "mine", *names[1:], *(f"{name}.json" for name in names[1:]), f"{'0' * 32}.state",
    }  # fmt: skip
    made.snapshots.point_to("000002")
    assert made.engine.associate("cowboys", 1).items


def test_the_models_last_asked_for_stay(tmp_path):
    names = ["a" * 32, "b" * 32, "c" * 32]
    for age, name in enumerate(names):
        (tmp_path / name).mkdir()
        report = tmp_path / f"{name}.json"
        report.write_text("{}")
        os.utime(report, (100 - age, 100 - age))
    (tmp_path / "notes.json").write_text("{}")
    taught_models.prune(tmp_path, in_use=[names[2]], keep=1)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {names[0], f"{names[0]}.json", names[2], f"{names[2]}.json", "notes.json"}
    taught_models.prune(tmp_path / "nothing", in_use=[], keep=1)
