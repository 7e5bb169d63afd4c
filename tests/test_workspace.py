"""A workspace from import to recommendation, on a small world with known answers."""

import json
import subprocess
import sys

import numpy as np
import pytest

import tastegraph
from tastegraph.core.errors import ConfigError, NotFoundError, RowError, TastegraphError
from tastegraph.core.records import Event, Fact, Item
from tastegraph.explain.explainer import reasons_for
from tastegraph.models.persistence import associations_from, model_from
from tastegraph.profiles.interactions import History
from tastegraph.store import statements
from tastegraph.workspace import Workspace
from tests.support.cinema import FILMS_PER_GENRE, SETTINGS, events, facts, films


def test_package_imports_without_numpy():
    command = "import sys, tastegraph; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command]).returncode == 0


@pytest.mark.parametrize("name", [*tastegraph.__all__, "open"])
def test_public_names_are_importable(name):
    assert getattr(tastegraph, name) is not None
    assert name in dir(tastegraph)


def test_open_is_an_alias_of_open_workspace():
    assert tastegraph.open is tastegraph.open_workspace
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tastegraph.nothing


def test_a_folder_may_be_named_by_a_text(tmp_path):
    folder = str(tmp_path / "shop")
    Workspace.init(folder).close()
    assert Workspace(folder).directory == tmp_path / "shop"
    with pytest.raises(ConfigError, match="already"):
        Workspace.init(folder)


def test_fans_get_films_of_their_genre(cinema):
    answer = cinema.recommend("western-fan-3", k=4)
    assert [item.item_id.split("-")[0] for item in answer.items] == ["western"] * 4
    seen = {event.item_id for event in events() if event.user_id == "western-fan-3"}
    assert not seen & {item.item_id for item in answer.items}
    assert answer.personal


def test_new_user_gets_personal_results_after_three_events(cinema):
    nobody = cinema.recommend("newcomer", k=4)
    assert not nobody.personal
    assert nobody.items[0].reasons[0].kind == "popularity"
    liked = ["space-01", "space-05", "space-07"]
    cinema.record(
        Event(f"new-{k}", "newcomer", item, "like", None, 2e6 + k) for k, item in enumerate(liked)
    )
    somebody = cinema.recommend("newcomer", k=4)
    assert somebody.personal
    assert {item.item_id.split("-")[0] for item in somebody.items} == {"space"}
    by_history = cinema.recommend([Event("", "", item, "like") for item in liked], k=4)
    assert [i.item_id for i in by_history.items] == [i.item_id for i in somebody.items]


@pytest.mark.slow
def test_new_item_is_listed_after_a_build_of_graph_and_text(cinema):
    """With only a title and two facts, and the model in service."""
    before = cinema.engine.versions()
    cinema.ingest(
        items=[Item("fresh", "Cowboys at the frontier")],
        facts={
            "fresh": [
                Fact("item:fresh", "directed_by", "person:western-1"),
                Fact("item:fresh", "genre", "western"),
            ]
        },
    )
    cinema.build(only={"graph", "text"})
    model, graph = cinema.engine.versions()
    assert model == before[0]
    assert graph != before[1]
    fans = sorted({event.user_id for event in events()})
    lists = {user: cinema.recommend(user, k=100).items for user in fans}
    western = [user for user in fans if user.startswith("western")]
    for user in western:
        place = [item.item_id for item in lists[user]].index("fresh")
        assert 2 * place <= len(lists[user])
    score = {user: cinema.explain(user, "fresh").score for user in fans}
    space = [user for user in fans if user not in western]
    assert min(score[user] for user in western) > max(score[user] for user in space)
    explained = cinema.explain(western[0], "fresh")
    assert any(
        reason.kind in ("knowledge", "affinity") and reason.path for reason in explained.reasons
    )


def test_dislikes_lower_similar_items(cinema):
    torn = [Event("", "", item, "like") for item in ("western-01", "space-01")]
    against = [Event("", "", f"western-{k:02}", "dislike") for k in (5, 7, 9)]
    answer = cinema.recommend(torn + against, k=4)
    assert {item.item_id.split("-")[0] for item in answer.items} == {"space"}


@pytest.mark.slow
def test_shares_sum_to_the_score_and_paths_are_stored_facts(cinema):
    """For 1,000 random pairs of history and item."""
    snapshot = cinema.snapshots.open()
    model, associations = model_from(snapshot), associations_from(snapshot)
    with cinema.database.reading() as connection:
        stored = dict(statements.all_facts(connection))
    rng = np.random.default_rng(3)
    relations = snapshot.strings("graph.relations")
    for _ in range(1000):
        size = int(rng.integers(1, 9))
        history = History(
            rng.integers(0, model.n_items, size).astype(np.int32),
            rng.choice([1.0, 1.0, 0.5, -1.0], size).astype(np.float32),
        )
        target = int(rng.integers(model.n_items))
        ranked = model.rank(history)
        reasons = reasons_for(model, associations, ranked, target)
        assert sum(r.share for r in reasons) == pytest.approx(ranked.scores[target], abs=1e-4)
        for reason in reasons:
            for fact in reason.facts:
                assert stored[fact].relation == relations[associations.relation[reason.feature]]


def test_batched_and_single_scores_agree(cinema):
    model = model_from(cinema.snapshots.open())
    rng = np.random.default_rng(5)
    histories = [
        History(rng.integers(0, model.n_items, n).astype(np.int32), np.ones(n, np.float32))
        for n in range(8)
    ]
    batch = model.score(histories)
    for row, history in zip(batch, histories, strict=True):
        np.testing.assert_allclose(row, model.rank(history).scores, atol=1e-5)


def test_snapshot_holds_no_component_that_says_nothing(cinema):
    """But for those whose vectors, features, words or counts have a use beside the score."""
    snapshot = cinema.snapshots.open()
    weighted = model_from(snapshot).blend.weighted
    always = {"network", "knowledge", "text", "popularity", "recent popularity"}
    assert weighted <= {*snapshot.manifest["parts"]} <= weighted | always
    assert "text.both_sides" in snapshot.arrays
    assert not {"text.left", "text.right", "text tower.left"} & {*snapshot.arrays}


@pytest.mark.slow
def test_same_data_give_the_same_arrays(built, tmp_path):
    again = Workspace.init(tmp_path / "again" / "cinema", SETTINGS)
    again.ingest(items=films(), events=events(), facts={"films": facts()})
    again.build()
    first = Workspace(built).snapshots.open().manifest
    second = again.snapshots.open().manifest
    assert first["files"] == second["files"]
    assert first["choice"] == second["choice"]


@pytest.mark.slow
def test_unchanged_workspace_is_not_rebuilt(cinema):
    version = cinema.snapshots.current()
    assert cinema.build() == version
    cinema.record([Event("one-more", "western-fan-1", "western-03", "like")])
    assert cinema.build() != version


@pytest.mark.slow
def test_evaluation_has_all_rows_and_no_nan(cinema, tmp_path):
    file = tmp_path / "evaluation.json"
    cinema.evaluate(file)
    report = json.loads(file.read_text())
    assert set(report) == {"dataset", "protocol", "audit", "results"}
    models = {row["model"] for row in report["results"]}
    assert models == {
        "tastegraph", "gcn", "filters", "popularity", "itemknn", "rp3beta", "ease", "ease tuned",
        "graph off", "graph shuffled", "text off",
    }  # fmt: skip
    assert {row["history"] for row in report["results"]} == {"train", "train+valid"}
    whole = [r for r in report["results"] if r["slice"] == "all"]
    assert all({"ndcg@10", "recall@20", "coverage@10"} <= set(row["metrics"]) for row in whole)
    system = next(r for r in whole if r["model"] == "tastegraph" and r["history"] == "train")
    assert set(system["p_vs"]) == models - {"tastegraph"}
    popularity = next(r for r in whole if r["model"] == "popularity" and r["history"] == "train")
    assert system["metrics"]["ndcg@10"] > popularity["metrics"]["ndcg@10"]


@pytest.mark.slow
def test_numeric_attributes_are_not_items(tmp_path):
    """Category 2 is not item 2."""
    settings = {**SETTINGS, "items": {"facts": {"category": {"relation": "category"}}}}
    shop = Workspace.init(tmp_path / "shop", settings)
    shop.ingest(
        items=[Item(str(k), f"Thing {k}", "", {"category": (str(k % 3),)}) for k in range(9)]
    )
    shop.build()
    ties = shop.engine.content("5").content
    assert [(tie.phrase, tie.node, tie.label) for tie in ties] == [("category", "category:2", "2")]


def test_repeated_events_give_one_reason(cinema):
    kinds = ("view", "purchase", "click")
    cinema.record(Event(f"{kind}-1", "buyer", "space-03", kind) for kind in kinds)
    cinema.record([Event("other", "buyer", "space-04", "like")])
    texts = [r.text for r in cinema.explain("buyer", "space-05").reasons]
    assert len(texts) == len(set(texts))
    assert not any("clicked" in text or "viewed" in text for text in texts)
    assert any("which you bought" in text for text in texts)


@pytest.mark.slow
def test_only_stale_stages_are_built(cinema):
    cinema.ingest(
        items=[Item("late", "Late")], events=[Event("l", "western-fan-0", "late", "like")]
    )
    with pytest.raises(TastegraphError, match="run 'tastegraph build' first"):
        cinema.evaluate()
    cinema.build(only={"model"})
    with pytest.raises(NotFoundError, match="late"):
        cinema.explain("western-fan-0", "late")
    cinema.build()
    assert cinema.explain("western-fan-0", "late").seen


def test_profile_of_a_user_and_content_of_an_item(cinema):
    profile = cinema.engine.profile("western-fan-0")
    assert profile.events[0].timestamp >= profile.events[-1].timestamp
    strongest = profile.interests[0]
    assert strongest.strength > 0
    assert "western" in strongest.node
    western = cinema.engine.content("western-00")
    assert western.title == "Western 0"
    assert {(tie.phrase, tie.label) for tie in western.content if tie.stated} == {
        ("director", "Old western hand"),
        ("genre", "western"),
    }


def test_wrong_record_imports_nothing(cinema, write):
    before = cinema.counts()
    bad = write("events.csv", "user_id,item_id,value\na,western-01,5\nb,western-02,five\n")
    from tastegraph.data.events import read_events
    from tastegraph.data.rejected_rows import RejectedRows

    with pytest.raises(RowError, match=r"line 3, column 'value': 'five' found"):
        cinema.ingest(items=films()[:1], events=read_events(bad, RejectedRows()))
    assert cinema.counts() == before


@pytest.mark.slow
def test_workspace_without_events_ranks_by_knowledge(tmp_path):
    workspace = Workspace.init(tmp_path / "shop", SETTINGS)
    workspace.ingest(items=films(), facts={"films": facts()})
    workspace.build()
    answer = workspace.recommend([Event("", "", "space-02", "like")], k=3)
    assert {item.item_id.split("-")[0] for item in answer.items} == {"space"}
    with pytest.raises(TastegraphError, match="holds out no event"):
        workspace.evaluate()


def test_errors_give_advice(tmp_path, cinema):
    with pytest.raises(ConfigError, match="tastegraph init"):
        tastegraph.open_workspace(tmp_path / "nowhere")
    empty = Workspace.init(tmp_path / "empty")
    with pytest.raises(TastegraphError, match="tastegraph import"):
        empty.build()
    with pytest.raises(ConfigError, match="is a workspace already"):
        Workspace.init(cinema.directory)
    with pytest.raises(NotFoundError, match="no item 'nothing'"):
        cinema.explain("western-fan-0", "nothing")
    with pytest.raises(ConfigError, match="no such stage: grap"):
        cinema.build(only={"grap"})


def test_long_list_contains_each_item_once(cinema):
    answer = cinema.engine.recommend("western-fan-0", n=100, exclude_seen=False)
    assert len({item.item_id for item in answer.items}) == 2 * FILMS_PER_GENRE
    scores = [item.score for item in answer.items]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda shop: shop.recommend(1), r"^user: 1 \(int\) found, a user id as text, or a list"),
        (lambda shop: shop.recommend("ann", k="x"), r"^k: 'x' \(str\) found, a whole number"),
        (lambda shop: shop.explain("ann", 7), r"^item_id: 7 \(int\) found, text expected"),
        (lambda shop: shop.associate(None), r"^text: None \(NoneType\) found, text expected"),
        (lambda shop: shop.ingest(events=[1]), r"^events, element 0: 1 \(int\) found"),
        (lambda shop: shop.ingest([1]), r"^records: \[1\] \(list\) found, a Records; name"),
        (lambda shop: shop.record([1]), r"^events, element 0: 1 \(int\) found"),
    ],
)
def test_an_argument_of_the_wrong_type_is_named_before_anything_is_done(tmp_path, call, message):
    shop = Workspace.init(tmp_path / "shop")
    with pytest.raises(TastegraphError, match=message):
        call(shop)
    assert shop.counts()["events"] == 0


def test_frames_are_ingested(tmp_path):
    import polars as pl

    shop = Workspace.init(tmp_path / "shop")
    events = pl.DataFrame({"user_id": ["ann", "bob"], "item_id": ["1", "2"], "type": "like"})
    assert shop.ingest(events=events).events == 2
    assert shop.ingest(events=events).duplicate_events == 2
