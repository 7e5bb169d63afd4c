"""Lists with filters and policies, from the engine and over HTTP."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from operator import eq, ge, gt, le, lt, ne

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tastegraph.core.config import Boost, Pin
from tastegraph.core.errors import ConfigError, FilterError, NotFoundError
from tastegraph.core.records import Item
from tastegraph.serving.api.app import create_app
from tastegraph.serving.policies.policy import PolicyOptions
from tastegraph.store import served_lists
from tastegraph.workspace import Workspace
from tests.support.cinema import FILMS_PER_GENRE, GENRE_TEXTS

FAN = "western-fan-0"
IDS = [f"{genre}-{k:02}" for genre in GENRE_TEXTS for k in range(FILMS_PER_GENRE)]
PRICE = {name: float(k % 7) for k, name in enumerate(IDS)}
BRAND = {name: "ABC"[k % 3] for k, name in enumerate(IDS)}


def priced(name: str, price: float, **more: str) -> Item:
    genre = name.split("-")[0]
    attributes = {"genre": (genre,), "price": (str(price),), "brand": (BRAND[name],)}
    attributes |= {key: (value,) for key, value in more.items()}
    return Item(name, f"{genre.title()} {int(name[-2:])}", GENRE_TEXTS[genre], attributes)


@pytest.fixture(scope="module")
def shop(built, tmp_path_factory):
    """The cinema with prices and brands, put after its snapshot was made."""
    directory = tmp_path_factory.mktemp("policies") / "cinema"
    shutil.copytree(built, directory)
    workspace = Workspace(directory)
    today = datetime.now(UTC)
    days = ["2000-01-01", *(f"{today - timedelta(days=k):%Y-%m-%d}" for k in (5, 20))]
    workspace.ingest(items=[
        priced(name, PRICE[name], released=days[k % 3]) for k, name in enumerate(IDS)
    ])  # fmt: skip
    yield workspace
    workspace.close()


def listed(shop, n=10, *, exclude_seen=False, **options):
    answer = shop.engine.recommend(
        FAN, n, reasons=0, exclude_seen=exclude_seen, policy=PolicyOptions(**options)
    )
    return [item.item_id for item in answer.items]


CONDITIONS = st.one_of(
    st.builds("price {} {}".format, st.sampled_from(["<", "<=", ">", ">=", "=", "!="]),
              st.integers(0, 7)),
    st.builds("brand in {}".format, st.lists(st.sampled_from("ABC"), max_size=2).map(json.dumps)),
    st.builds("genre = '{}'".format, st.sampled_from(list(GENRE_TEXTS))),
)  # fmt: skip


def meets(name: str, condition: str) -> bool:
    field, operator, value = condition.split(" ", 2)
    if field == "price":
        price, bound = PRICE[name], float(value)
        compare = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq, "!=": ne}
        return compare[operator](price, bound)
    if field == "brand":
        return BRAND[name] in json.loads(value)
    return name.startswith(value.strip("'"))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CONDITIONS, CONDITIONS, st.sampled_from(["and", "or"]), st.integers(1, 30))
def test_a_list_has_n_items_that_meet_the_filter_if_so_many_exist(shop, one, other, word, n):
    expected = {
        name for name in IDS
        if (all if word == "and" else any)([meets(name, one), meets(name, other)])
    }  # fmt: skip
    items = listed(shop, n, filter=f"{one} {word} {other}")
    assert set(items) <= expected
    assert len(items) == min(n, len(expected))


def test_a_filtered_list_is_the_unfiltered_one_without_the_others(shop):
    whole = listed(shop, 30)
    assert listed(shop, 30, filter="price < 3") == [name for name in whole if PRICE[name] < 3]


def test_a_changed_price_counts_in_the_next_answer(cinema):
    cinema.ingest(items=[priced("space-00", 5.0), priced("space-01", 50.0)])
    assert listed(cinema, filter="price < 10") == ["space-00"]
    cinema.ingest(items=[priced("space-01", 1.0)])
    assert set(listed(cinema, filter="price < 10")) == {"space-00", "space-01"}
    cinema.ingest(items=[priced("space-00", 5.0, hidden="true")])
    assert listed(cinema, filter="price < 10") == ["space-01"]
    cinema.engine.erase.item("space-01")
    assert listed(cinema, filter="price < 10") == []


def test_facts_are_filtered_by_name_and_by_id(shop):
    answer = shop.engine.recommend(
        FAN, 30, exclude_seen=False, policy=PolicyOptions(filter='directed_by = "Old space hand"')
    )
    names = {item.item_id for item in answer.items}
    assert names == {"space-00", "space-04", "space-08"}
    assert answer.filter.matching == 3
    assert names == set(listed(shop, 30, filter="directed_by = 'person:space-0'"))
    unknown = shop.engine.recommend(FAN, policy=PolicyOptions(filter="brand = 'Acme'"))
    assert unknown.items == ()
    assert unknown.filter.notes == ('no item has brand = "Acme"',)


def test_no_brand_has_more_items_than_its_limit_and_the_list_is_as_long_as_it_can_be(shop):
    for limit in (1, 2, 5):
        items = listed(shop, 30, max_per={"brand": limit})
        assert len(items) == 3 * limit
        best = listed(shop, 30)
        expected = [n for k, n in enumerate(best)
                    if sum(BRAND[m] == BRAND[n] for m in best[:k]) < limit]  # fmt: skip
        assert items == expected
    assert len(listed(shop, 30, max_per={"brand": 1}, relax=["max_per"])) == 24
    answer = shop.engine.recommend(
        FAN, 30, exclude_seen=False,
        policy=PolicyOptions(max_per={"brand": 1}, relax=["max_per"]),
    )  # fmt: skip
    assert answer.relaxed == ("max_per",)
    assert len({BRAND[item.item_id] for item in answer.items[:3]}) == 3


def test_a_boost_moves_items_up_and_a_reason_has_its_share(shop):
    plain = {i.item_id: i.score for i in shop.engine.recommend(FAN, 30, exclude_seen=False).items}
    boosts = [Boost(filter="genre = 'space'", add=100.0, reason="space week"),
              Boost(filter="price > 3", factor=2.0)]  # fmt: skip
    answer = shop.engine.recommend(FAN, 24, exclude_seen=False, policy=PolicyOptions(boosts=boosts))
    assert all(item.item_id.startswith("space") for item in answer.items[:12])
    assert [i.score for i in answer.items] == sorted((i.score for i in answer.items), reverse=True)
    for item in answer.items:
        shares = {r.text: r.share for r in item.reasons if r.kind == "rule"}
        assert ("promoted: space week" in shares) == item.item_id.startswith("space")
        assert item.score == pytest.approx(plain[item.item_id] + sum(shares.values()), abs=1e-3)


def test_a_factor_below_one_moves_items_down_whatever_the_sign_of_their_scores(shop):
    boosts = [Boost(filter="genre = 'western'", factor=0.001)]
    whole = listed(shop, 24)
    place = {name: k for k, name in enumerate(listed(shop, 24, boosts=boosts))}
    westerns = [name for name in whole if name.startswith("western")]
    assert sum(place[name] for name in westerns) >= sum(whole.index(name) for name in westerns)


def test_a_pin_has_its_place_unless_it_does_not_meet_the_filter(shop):
    pins = [Pin(item_id="space-11", place=2), Pin(item_id="nothing", place=1)]
    answer = shop.engine.recommend(FAN, 5, policy=PolicyOptions(pins=pins))
    assert [item.pinned for item in answer.items] == [False, True, False, False, False]
    assert answer.items[1].item_id == "space-11"
    assert not answer.items[1].best
    assert "space-11" not in listed(shop, 5, pins=pins, filter="genre = 'western'")


def test_what_gives_way_stands_below_and_is_said(shop):
    strict = listed(shop, 30, max_age={"released": 200_000})
    assert len(strict) == 24
    options = {"max_age": {"released": 3650.0}, "filter": "genre = 'space'"}
    young = listed(shop, 30, **options)
    assert 0 < len(young) < 12
    answer = shop.engine.recommend(
        FAN, 12, exclude_seen=False, policy=PolicyOptions(**options, relax=["max_age"])
    )
    items = [item.item_id for item in answer.items]
    assert items[: len(young)] == young
    assert len(items) == 12
    assert all(name.startswith("space") for name in items)
    assert answer.relaxed == ("max_age",)
    few = shop.engine.recommend(
        FAN, 2, exclude_seen=False, policy=PolicyOptions(**options, relax=["max_age"])
    )
    assert few.relaxed == ()


def test_a_diverse_list_has_more_directors(shop):
    def directors(items):
        return len({(name.split("-")[0], int(name[-2:]) % 4) for name in items})

    plain, diverse = listed(shop, 6), listed(shop, 6, diversity=0.7)
    assert directors(diverse) > directors(plain)
    assert diverse[0] == plain[0]


def test_wrong_filters_say_where(shop):
    with pytest.raises(FilterError, match="character 1: there is no attribute or relation"):
        listed(shop, filter="prise < 3")
    with pytest.raises(FilterError, match=r"boosts\[0\]: filter, character 9: price is a number"):
        listed(shop, boosts=[Boost(filter='price = "x"', add=1)])
    with pytest.raises(FilterError, match=r"max_per: .*no attribute or relation 'maker'"):
        listed(shop, max_per={"maker": 1})
    with pytest.raises(FilterError, match=r"max_age: .*price is a number"):
        listed(shop, max_age={"price": 1})
    with pytest.raises(NotFoundError, match="there is no surface 'home'"):
        listed(shop, surface="home")


@pytest.fixture
def home(cinema):
    """The cinema with a surface."""
    cinema.close()
    file = cinema.directory / "tastegraph.toml"
    file.write_text(
        file.read_text()
        + "\n[surfaces.home]\nn = 4\nfilter = \"genre = 'space'\"\nrelax = ['filter']\n"
        "diversity = 0.2\nboosts = [{ filter = \"title contains '3'\", factor = 3 }]\n"
    )
    return Workspace(cinema.directory)


def test_a_surface_is_a_policy_with_a_name(home):
    client = TestClient(create_app(home.engine), base_url="http://localhost")
    body = {"user_id": FAN, "surface": "home"}
    answer = client.post("/v1/recommendations", json=body).json()
    assert len(answer["items"]) == 4
    assert all(item["item_id"].startswith("space") for item in answer["items"])
    longer = client.post("/v1/recommendations", json={**body, "n": 14, "exclude": "none"}).json()
    assert len(longer["items"]) == 14
    assert longer["relaxed"] == ["filter"]
    refused = client.post("/v1/recommendations", json={**body, "surface": "nowhere"})
    assert (refused.status_code, "there are home" in refused.json()["detail"]) == (404, True)
    home.close()
    file = home.directory / "tastegraph.toml"
    file.write_text(file.read_text().replace("genre = 'space'", "genre ="))
    with pytest.raises(ConfigError, match=r"surfaces\.home\.filter: filter, character 8: a value"):
        _ = Workspace(home.directory).engine


def test_a_stored_list_is_replayed_with_its_policy(shop):
    client = TestClient(create_app(shop.engine), base_url="http://localhost")
    body = {
        "user_id": FAN, "n": 6, "filter": "price < 5", "max_per": {"brand": 2}, "diversity": 0.3,
        "boosts": [{"filter": "genre = 'space'", "add": 1.5}],
        "pins": [{"item_id": "space-02", "place": 1}], "explore": 0.2, "seed": 3,
    }  # fmt: skip
    answer = client.post("/v1/recommendations", json=body).json()
    place = f"/v1/recommendations/{answer['recommendation_id']}"
    shop.engine.submit(lambda connection: None).result()
    stored = client.get(place).json()
    assert stored["asked"]["policy"]["filter"] == "price < 5"
    replayed = client.get(f"{place}/replay").json()
    assert [i["item_id"] for i in replayed["items"]] == [i["item_id"] for i in answer["items"]]
    assert replayed["items"][0]["pinned"]


INJECTIONS = [
    "__import__('os').system('true')", "price < 3; DROP TABLE items", "' or '1'='1",
    "price < 3 -- ", "{{7*7}}", "${jndi:ldap://x}", "<script>alert(1)</script>", "\x00", "a" * 5000,
    "(" * 4999, "not " * 1200, "[" * 3000, "`" * 3000, "'" + "\\" * 3001, "lambda: 0",
    "price.__class__ = 'x'", "brand = '%s%n'", "price < 1e99999", "\u202eprice", "𝟙 < price",
]  # fmt: skip


@pytest.mark.parametrize("text", INJECTIONS)
def test_hostile_filters_are_refused_as_text(shop, text):
    client = TestClient(create_app(shop.engine), base_url="http://localhost")
    answer = client.post("/v1/recommendations", json={"user_id": FAN, "filter": text})
    assert answer.status_code in (200, 422)
    if answer.status_code == 422:
        problem = answer.json()
        assert problem["code"] == "invalid_filter"
        assert problem["detail"].startswith("filter, character ")
        assert len(problem["detail"]) < 501


def test_the_fields_of_filters_are_listed(shop):
    client = TestClient(create_app(shop.engine), base_url="http://localhost")
    fields = {f["name"]: f for f in client.get("/v1/fields").json()["fields"]}
    assert fields["price"]["kinds"] == ["number"]
    assert (fields["price"]["items"], fields["price"]["sources"]) == (24, ["items"])
    assert (fields["directed_by"]["items"], fields["directed_by"]["sources"]) == (24, ["facts"])
    assert fields["genre"]["sources"] == ["facts", "items"]
    assert fields["title"]["items"] == 24


def test_lists_without_a_policy_are_stored_as_before(cinema):
    client = TestClient(create_app(cinema.engine), base_url="http://localhost")
    answer = client.post("/v1/recommendations", json={"user_id": FAN}).json()
    cinema.engine.submit(lambda connection: None).result()
    with cinema.database.reading() as connection:
        request = served_lists.get(connection, answer["recommendation_id"]).request
    assert request["policy"] == {}
    assert answer["filter"] is None
    assert answer["relaxed"] == []


def test_the_command_line_filters_and_says_what_is_wrong(cinema, tastegraph):
    cinema.close()
    result = tastegraph("recommend", cinema.directory, FAN, "--filter", "genre = 'space'", "-n", 3)
    assert result.out.count("[space-") == 3
    assert "items that meet the filter: 12" in result.out
    wrong = tastegraph("recommend", cinema.directory, FAN, "--filter", "genre = ")
    assert wrong.code != 0
    assert "filter, character 9: a value: a number, a date" in wrong.out + wrong.err
