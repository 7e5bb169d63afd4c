"""Experiments in service: several models at once, each user with one, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tastegraph.core.config import Config
from tastegraph.core.errors import NotFoundError, SnapshotError
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine
from tastegraph.serving.lists.assignment import drawn_variant
from tastegraph.store.database import Database
from tastegraph.store.schema import metadata
from tastegraph.store.snapshots import Snapshots
from tests.serving.snapshot.test_in_service import scores
from tests.support import serving_world
from tests.support.local_client import LocalClient

VARIANTS = {"other": {"share": 0.5, "snapshot": "000002"}}
USERS = [f"{genre}-{k}" for genre in ("western", "space") for k in range(10)]


def engine_of(directory: Path, settings: dict[str, Any]) -> Engine:
    """The world with two snapshots, the first in service."""
    if not (directory / "snapshots").exists():
        serving_world.open_engine(directory).close()
        serving_world.publish_variant(directory, 2.0)
    database = Database(directory / "tastegraph.db", metadata)
    config = Config.model_validate(settings)
    return Engine(Snapshots(directory / "snapshots"), database, config)


def experiment(**fields: Any) -> dict[str, Any]:
    return {"experiments": {"new": {"variants": VARIANTS, **fields}}}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = engine_of(tmp_path, experiment())
    yield engine
    engine.close()


def await_disk(engine: Engine) -> None:
    """Return when the lists that were answered are stored."""
    engine.submit(lambda connection: None).result()


def variant_of(user: str) -> str:
    return drawn_variant("new", user, {"other": 0.5, "control": 0.5})


def test_each_user_has_the_lists_of_one_snapshot(engine: Engine, tmp_path: Path) -> None:
    versions = {"control": "000001", "other": "000002"}
    alone = {}
    plain = engine_of(tmp_path, {})
    for variant, version in versions.items():
        plain.promote(version)
        alone[variant] = {user: scores(plain.recommend(user, 5).model_dump()) for user in USERS}
    plain.promote("000001")
    plain.close()
    with LocalClient(create_app(engine)) as client:
        for user in USERS * 2:
            body = {"user_id": user, "n": 5}
            answer = client.post("/v1/recommendations", json=body).json()
            variant = answer["variant"]
            assert (answer["experiment"], variant) == ("new", variant_of(user))
            assert answer["model"] == versions[variant]
            assert scores(answer) == alone[variant][user]
            await_disk(engine)
            stored = client.get(f"/v1/recommendations/{answer['recommendation_id']}").json()
            assert (stored["experiment"], stored["variant"]) == ("new", variant)
            assert stored["snapshot"] == versions[variant]
            replay = client.get(f"/v1/recommendations/{answer['recommendation_id']}/replay").json()
            assert scores(replay) == scores(answer)
            assert (replay["experiment"], replay["variant"]) == ("new", variant)
            item = answer["items"][0]
            body = {"user_id": user, "item_id": item["item_id"]}
            explanation = client.post("/v1/explain", json=body).json()
            assert explanation["model"] == answer["model"], "why speaks of the model of the list"
            assert explanation["score"] == pytest.approx(item["score"], rel=1e-4)
        assert "tastegraph_experiment_lists_total" in client.get("/metrics").text
    assert {variant_of(user) for user in USERS} == set(versions)


def test_sessions_take_part_by_their_id(engine: Engine) -> None:
    events = [{"item_id": "western-1"}]
    with LocalClient(create_app(engine)) as client:
        for name in ("s1", "s2", "s3", "s4"):
            for _ in range(2):
                body = {"session": {"session_id": name, "events": events}, "n": 3}
                answer = client.post("/v1/recommendations", json=body).json()
                assert answer["variant"] == variant_of(f"session:{name}")
                body = {**body, "item_id": answer["items"][0]["item_id"]}
                assert client.post("/v1/explain", json=body).json()["model"] == answer["model"]
        nameless = client.post("/v1/recommendations", json={"session": {"events": events}}).json()
        assert (nameless["experiment"], nameless["variant"]) == (None, None)
        assert nameless["model"] == "000001"


def test_the_next_page_is_of_the_variant_of_the_list(tmp_path: Path) -> None:
    """Of a session too; and where the variant has a surface of its own, that no experiment has."""
    surfaced = {"other": {**VARIANTS["other"], "surface": "tight"}}
    settings = experiment(surfaces=["home"], variants=surfaced)
    settings["surfaces"] = {"home": {}, "tight": {"diversity": 0.5}}
    engine = engine_of(tmp_path, settings)
    variants = set()
    with LocalClient(create_app(engine)) as client:
        session = [{"item_id": "western-1"}]
        bodies: list[dict[str, Any]] = [{"user_id": user} for user in USERS[:4]]
        bodies += [{"session": {"session_id": f"s{k}", "events": session}} for k in range(4)]
        for body in bodies:
            fields = {"n": 2, "surface": "home"}
            answer = client.post("/v1/recommendations", json={**body, **fields}).json()
            path = f"/v1/recommendations/{answer['recommendation_id']}/next"
            following = client.get(path).json()
            for name in ("experiment", "variant", "model"):
                assert following[name] == answer[name], name
            variants.add(answer["variant"])
    assert variants == {"control", "other"}
    engine.close()


def test_wishes_and_filters_read_the_graph_of_each_variant_once(engine: Engine) -> None:
    with engine.database.reading() as connection:
        snapshots = [engine.open_version(version, connection) for version in ("000001", "000002")]
    graphs = [engine.steerer.graph(snapshot) for snapshot in snapshots * 2]
    assert graphs[0] is graphs[2]
    assert graphs[1] is graphs[3]
    fields = [engine.lists.policies.fields(snapshot) for snapshot in snapshots * 2]
    assert fields[0] is fields[2]


def test_promotion_and_roll_back_change_the_control_alone(engine: Engine, tmp_path: Path) -> None:
    users = {variant_of(user): user for user in USERS}
    third = serving_world.publish_variant(tmp_path, 3.0)
    for change, control in ((lambda: engine.promote(third), third), (engine.roll_back, "000001")):
        change()
        assert engine.recommend(users["control"], 3).model == control
        assert engine.recommend(users["other"], 3).model == "000002"
    engine.promote("000002")
    assert engine.recommend(users["control"], 3).model == "000002"


def test_erased_item_is_in_no_list_of_any_variant(engine: Engine) -> None:
    users = {variant_of(user): user for user in USERS if user.startswith("western")}
    engine.erase.item("western-5")
    for user in users.values():
        answer = engine.recommend(user, 13, exclude_seen=False)
        assert "western-5" not in [item.item_id for item in answer.items]
    assert len(users) == 2


def test_missing_or_altered_snapshot_is_refused_by_place(tmp_path: Path) -> None:
    variants = {"other": {"share": 0.5, "snapshot": "000007"}}
    with pytest.raises(NotFoundError, match=r"experiments\.new\.variants\.other\.snapshot in .*"
                       r"no snapshot '000007'; there are 000001, 000002"):  # fmt: skip
        engine_of(tmp_path, {"experiments": {"new": {"variants": variants}}})
    file = tmp_path / "snapshots" / "000002" / "behaviour.table.npy"
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(SnapshotError, match=r"behaviour\.table\.npy"):
        engine_of(tmp_path, experiment())
    engine_of(tmp_path, {}).close()


def test_variant_is_a_surface_or_a_share_of_exploration(tmp_path: Path) -> None:
    settings = {
        "surfaces": {"home": {}, "bold": {"filter": 'genre = "Space opera"', "n": 4}},
        "experiments": {
            "new": {
                "surfaces": ["home"],
                "variants": {
                    "bold": {"share": 0.4, "surface": "bold"},
                    "curious": {"share": 0.4, "explore": 0.9},
                },
            }
        },
    }
    engine, variants = engine_of(tmp_path, settings), set()
    with LocalClient(create_app(engine)) as client:
        for user in USERS:
            body = {"user_id": user, "surface": "home", "exclude": "none"}
            answer = client.post("/v1/recommendations", json=body).json()
            variants.add(answer["variant"])
            await_disk(engine)
            stored = engine.stored_list(answer["recommendation_id"]).request
            items = [item["item_id"] for item in answer["items"]]
            only_space = all(item.startswith("space") for item in items)
            expected = ("bold", 0.0) if answer["variant"] == "bold" else ("home", 0.0)
            if answer["variant"] == "curious":
                expected = ("home", 0.9)
            assert (stored["policy"].get("surface"), stored["explore"]) == expected
            if answer["variant"] == "bold":
                assert only_space
                assert len(items) == 4
            elsewhere = client.post("/v1/recommendations", json={"user_id": user}).json()
            assert elsewhere["experiment"] is None
            own = client.post("/v1/recommendations", json={**body, "explore": 0.1}).json()
            await_disk(engine)
            assert engine.stored_list(own["recommendation_id"]).request["explore"] == 0.1
    assert variants == {"bold", "curious", "control"}
    engine.close()


def test_route_and_command_report_the_variants(tmp_path: Path, tastegraph) -> None:
    engine = engine_of(tmp_path, experiment())
    with LocalClient(create_app(engine)) as client:
        for number, user in enumerate(USERS):
            answer = client.post("/v1/recommendations", json={"user_id": user, "n": 3}).json()
            if variant_of(user) == "other":
                event = {
                    "event_id": f"click-{number}", "user_id": user, "type": "click",
                    "item_id": answer["items"][1]["item_id"],
                    "recommendation_id": answer["recommendation_id"],
                }  # fmt: skip
                assert client.post("/v1/events", json={"events": [event]}).status_code == 200
        await_disk(engine)
        (report,) = client.get("/v1/experiments").json()["experiments"]
        control, other = report["variants"]
        assert (control["variant"], control["responses"]) == ("control", 0)
        n_other = sum(variant_of(user) == "other" for user in USERS)
        assert (other["lists"], other["responses"], other["rate"]) == (n_other, n_other, 1)
        assert other["events"] == {"click": n_other}
        assert other["snapshots"] == {"000002": n_other}
        assert report["comparisons"][0]["verdict"] == "undecided"
        chinese = client.get("/v1/experiments", params={"lang": "zh", "days": 1}).json()
        assert "尚不能判断" in chinese["experiments"][0]["comparisons"][0]["text"]
        wrong = client.get("/v1/experiments", params={"type": "clickk"})
        assert (wrong.status_code, wrong.json()["code"]) == (404, "not_found")
        assert "'clickk'" in wrong.json()["detail"]
    (tmp_path / "tastegraph.toml").write_text(
        '[experiments.new.variants.other]\nshare = 0.5\nsnapshot = "000002"\n'
    )
    printed = tastegraph("experiments", tmp_path)
    assert printed.code == 0, printed.err
    assert "100.00% (" in printed.out
    assert "at least 30 users" in printed.out
    assert '"variant":"other"' in tastegraph("experiments", tmp_path, "--json").out
    (tmp_path / "tastegraph.toml").write_text("")
    assert "not in tastegraph.toml any more" in tastegraph("experiments", tmp_path).out


def test_lists_of_an_earlier_version_are_of_no_experiment(tmp_path: Path) -> None:
    """A file whose lists lack the columns is read, and gets them."""
    engine = engine_of(tmp_path, {})
    engine.recommend_and_store("western-1", 3, serving_options())
    engine.close()
    with engine.database.writing() as connection:
        connection.exec_driver_sql("DROP INDEX lists_by_experiment")
        for column in ("experiment", "variant"):
            connection.exec_driver_sql(f"ALTER TABLE lists DROP COLUMN {column}")
    engine.database.close()
    engine = engine_of(tmp_path, experiment())
    with LocalClient(create_app(engine)) as client:
        (report,) = client.get("/v1/experiments").json()["experiments"]
        assert [variant["lists"] for variant in report["variants"]] == [0, 0]
        assert client.post("/v1/recommendations", json={"user_id": "space-1"}).status_code == 200
        with engine.database.reading() as connection:
            (name,) = connection.exec_driver_sql(
                "SELECT recommendation_id FROM lists WHERE experiment IS NULL"
            ).scalars()
        assert asdict(engine.stored_list(name))["variant"] is None


def serving_options() -> Any:
    from tastegraph.serving.lists.list_maker import ListOptions

    return ListOptions()
