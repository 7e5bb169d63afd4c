"""Ratings have a scale: it is read from the data, said, and goes with all that is learned."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core.config import EventsConfig
from tastegraph.core.errors import TastegraphError
from tastegraph.core.records import Event
from tastegraph.pipeline.training_events import check_events
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import interactions
from tastegraph.profiles.rating_scale import RatingScale, rating_scale
from tastegraph.store import events as log
from tastegraph.store.event_columns import EventColumns
from tastegraph.workspace import Workspace
from tests.support.cinema import SETTINGS, events, films


def each(*values, times=1):
    """Every value as often."""
    return dict.fromkeys(map(float, values), times)


HALVES = [k / 2 for k in range(1, 11)]


@pytest.mark.parametrize(
    ("values", "kind", "likes", "dislikes", "nothing"),
    [
        ({}, "ratings", [4, 5], [1, 3], []),
        (each(0, 1), "binary", [1], [0], []),
        (each(1), "binary", [1], [0], []),
        (each(-1, 1), "signs", [1], [-1], [0]),
        (each(-1, 0, 1), "signs", [1], [-1], [0]),
        (each(-10, -3.25, 0, 9.75), "signs", [0.5, 9.75], [-0.5, -10], [0]),
        (each(-2, 1, 2), "signs", [1, 2], [-2], [0]),
        (each(1, 2, 3, 4, 5), "ratings", [4, 5], [1, 3], []),
        (each(3, 4, 5), "ratings", [4, 5], [1, 3], []),
        (each(5), "ratings", [4, 5], [1, 3], []),
        (each(2, 3), "ratings", [4, 5], [1, 3], []),
        (each(*HALVES), "ratings", [4, 4.5, 5], [0.5, 3.5], []),
        (each(0, 1, 2, 3, 4, 5), "ratings", [4, 5], [0, 3], []),
        (each(*range(1, 11)), "ratings", [7, 10], [1, 6], []),
        (each(*range(11)), "ratings", [7, 10], [0, 6], []),
        (each(6, 9), "ratings", [7, 9], [1, 6], []),
        (each(2, 9, times=80), "ratings", [7, 9], [2, 6], []),
        (each(2, 3, times=80), "ratings", [4, 5], [2, 3], []),
        (each(*range(1, 8), times=20), "ratings", [5, 7], [1, 4], []),
        (each(1, 2, 3, times=50), "ratings", [3], [1, 2], []),
        (each(1, 2, 3, 4, times=50), "ratings", [3, 4], [1, 2], []),
        (each(0, 35, 70, 100), "ratings", [67, 100], [0, 66], []),
        (each(*range(2, 21), times=9), "ratings", [14, 20], [2, 13], []),
        (each(0.2, 0.4, 0.8), "ratings", [0.7, 0.8, 1], [0.2, 0.6], []),
        # −1 is "no rating" beside 1 to 10, and so is 0 where most are.
        ({**each(*range(1, 11)), -1.0: 30}, "ratings", [7, 10], [1, 6], [-1]),
        ({**each(*range(1, 11), times=50), 0.0: 900}, "ratings", [7, 10], [1, 6], [0]),
        # Counts and amounts.
        (each(1, 2, 7, 4000), "counts", [1, 2, 7, 4000], [], [0, -1]),
        (each(1, 3, 12), "counts", [1, 12], [], [0]),
        ({1.0: 80, 2.0: 20, 3.0: 9, 4.0: 1}, "counts", [1, 2, 4], [], [0]),
        ({0.0: 900, 1.0: 80, 2.0: 20, 3.0: 9}, "counts", [1, 2, 3], [], [0]),
        (each(3.99, 4.49, 0.99), "counts", [0.99, 4.49], [], [0]),
        (each(19.99, 24.5, 49.95), "counts", [19.99], [], [0]),
        (each(-20, 120, 900), "counts", [120, 900], [], [-20]),
    ],
)
def test_the_usual_scales_are_recognised(values, kind, likes, dislikes, nothing):
    scale = rating_scale(values)
    assert scale.kind == kind
    assert all(scale.says(value) > 0 for value in likes)
    assert all(scale.says(value) == -1 for value in dislikes)
    assert all(scale.says(value) == 0 for value in nothing)
    assert RatingScale.from_json(scale.as_json()) == scale


VALUES = st.dictionaries(
    st.one_of(st.integers(-20, 200).map(float), st.floats(-200, 1e6).map(lambda x: round(x, 2))),
    st.integers(1, 500),
    max_size=12,
)


@given(VALUES, st.floats(-300, 1e7), st.floats(-300, 1e7))
def test_a_higher_rating_never_says_less(values, one, other):
    scale = rating_scale(values)
    low, high = sorted((one, other))
    if scale.unrated not in (low, high):
        assert -1 <= scale.says(low) <= scale.says(high) <= 1


@given(VALUES)
def test_the_share_is_that_of_the_ratings_that_count(values):
    scale = rating_scale(values)
    signs = [scale.says(v) for v, n in values.items() for _ in range(n) if scale.says(v)]
    assert scale.n == sum(values.values())
    assert scale.share == pytest.approx(
        sum(sign > 0 for sign in signs) / len(signs) if signs else 0
    )


@given(VALUES, st.floats(-10, 100))
def test_a_configured_threshold_wins(values, positive):
    scale = rating_scale(values, positive)
    assert all(scale.says(value) == (1 if value >= positive else -1) for value in values)


def test_a_count_says_the_more_the_higher_it_is():
    scale = rating_scale({1.0: 50, 9.0: 45, 1000.0: 5})
    assert scale.high == 9
    assert scale.says(1) == pytest.approx(math.log(2) / math.log(10))
    assert scale.says(4) == pytest.approx(math.log(5) / math.log(10))
    assert scale.says(9) == scale.says(1000) == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (each(*range(1, 11)), "ratings 1 to 10: from 7 on they count for an item"),
        (each(-1, 5), "ratings 1 to 5: from 4 on they count for an item; -1 says nothing"),
        (each(0, 1), "ratings 0 and 1: 1 counts for an item, 0 against it"),
        (each(-1, 1), "ratings below and above 0: above 0 they count for an item; 0 says nothing"),
        (
            each(1, 300),
            "counts, not ratings: each above 0 counts for its item, the more the higher, fully "
            "from 300 on",
        ),
    ],
)
def test_a_scale_is_said(values, words):
    assert rating_scale(values).in_words() == words


def test_scales_agree_where_ratings_say_the_same():
    stars = rating_scale(each(1, 5))
    assert stars.agrees(rating_scale(each(0.5, 3.5)))
    assert not stars.agrees(rating_scale(each(1, 10)))
    assert not stars.agrees(rating_scale(each(-1, 1)))
    few, some, many = (rating_scale(each(1, top)) for top in (200, 390, 900))
    assert few.agrees(some)
    assert some.agrees(few)
    assert not few.agrees(many)
    assert not few.agrees(stars)


def test_ratings_of_all_people_are_one_scale_and_prices_are_none():
    rated = [
        Event("1", "ann", "a", "rating", 2.0),
        Event("2", "ann", "b", "purchase", 19.99),
        Event("3", "bob", "a", "rating", 9.0),
    ]
    meaning = EventMeaning.of_events(EventsConfig(), rated)
    rows = interactions(EventColumns.of(rated), {"a": 0, "b": 1}, meaning)
    assert meaning.scale.positive == 7
    assert rows.weights.tolist() == [-1, 1, 1]
    assert EventMeaning.from_json(meaning.as_json()) == meaning


# Through the command line.

ITEMS = "item_id,title\n" + "".join(f"{kind}{k},{kind} {k}\n" for kind in "ab" for k in range(8))
FAST = "[model]\nepochs = 2\ndimensions = 8\n[evaluation]\nbootstrap = 100\n"


def users(high, low, column="rating", kind=None):
    """Twenty users, each of one taste: six of eight of one kind high, two of the other low."""
    rows = [f"user_id,item_id,{column}" + (",type" if kind else "")]
    end = f",{kind}" if kind else ""
    for user in range(20):
        mine, other = ("a", "b") if user % 2 else ("b", "a")
        rows += [f"p{user},{mine}{(user + k) % 8},{high}{end}" for k in range(6)]
        rows += [f"p{user},{other}{(user + k) % 8},{low}{end}" for k in range(2)]
    return "\n".join(rows) + "\n"


@pytest.fixture
def shop(tastegraph, tmp_path, write):
    """A workspace of sixteen items."""
    assert tastegraph("init", tmp_path / "shop").code == 0
    (tmp_path / "shop" / "tastegraph.toml").write_text(FAST, encoding="utf-8")
    assert tastegraph("import", tmp_path / "shop", "--items", write("items.csv", ITEMS)).code == 0
    return tmp_path / "shop"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("high", "low", "words"),
    [
        (1, 0, "ratings 0 and 1: 1 counts"),
        (1, -1, "ratings below and above 0"),
        (9, 2, "ratings 1 to 10: from 7 on"),
        (90, 30, "ratings 0 to 100: from 67 on"),
        (5, 1, "ratings 1 to 5: from 4 on"),
    ],
)
def test_taste_is_not_upside_down_on_any_scale(tastegraph, shop, write, high, low, words):
    done = tastegraph("import", shop, "--events", write("events.csv", users(high, low)))
    assert words in done.out
    built = tastegraph("build", shop)
    assert built.code == 0
    assert words in built.err
    assert "warning" not in built.err
    workspace = Workspace(shop)
    assert workspace.fitted().meaning.scale.share == 0.75
    best = workspace.recommend("p1", k=2)
    assert [item.item_id[0] for item in best.items] == ["a", "a"]
    past = workspace.engine.profile("p1").events
    assert {(p.value, p.counts) for p in past} == {(high, 1), (low, -1)}


@pytest.mark.slow
def test_play_counts_weigh_and_are_worded_as_what_they_are(tastegraph, shop, write):
    file = write("plays.csv", users(400, 3, "value"))
    assert "counts, not ratings" in tastegraph("import", shop, "--events", file).out
    built = tastegraph("build", shop)
    assert built.code == 0
    assert "warning" not in built.err
    workspace = Workspace(shop)
    weights = {p.value: p.counts for p in workspace.engine.profile("p1").events}
    assert weights == {400: 1, 3: pytest.approx(math.log(4) / math.log(401))}
    assert {p.type for p in workspace.engine.profile("p1").events} == {"count"}
    texts = [r.text for i in workspace.recommend("p1").items for r in i.reasons]
    assert any("which you chose 400 times" in text for text in texts)
    assert not any("rated" in text for text in texts)


@pytest.mark.slow
def test_prices_beside_a_type_change_nothing(tastegraph, shop, write):
    file = write("sales.csv", users(499, 3, "value", "purchase"))
    assert "ratings" not in tastegraph("import", shop, "--events", file).out
    assert tastegraph("build", shop).code == 0
    assert {p.counts for p in Workspace(shop).engine.profile("p1").events} == {1}


def test_ids_of_ratings_stay_what_they_were(tastegraph, shop, write):
    """An event that was imported by an earlier version is known already."""
    tastegraph("import", shop, "--events", write("events.csv", "user_id,item_id,value\nann,a1,5\n"))
    with Workspace(shop).database.reading() as connection:
        (event,) = log.user_events(connection, "ann", 9)
    assert event.type == "rating"
    assert event.event_id == "697efbd40cc1b44d6661b6852af9ac8f"


def test_an_import_that_changes_the_reading_says_so(tastegraph, shop, write):
    first = tastegraph("import", shop, "--events", write("one.csv", users(5, 1)))
    assert "until now" not in first.out
    again = tastegraph("import", shop, "--events", write("one.csv", users(5, 1)))
    assert "ratings" not in again.out
    plays = tastegraph("import", shop, "--events", write("two.csv", users(800, 3, "value")))
    assert "until now they were read as ratings 1 to 5" in plays.out
    assert "a type of its own" in plays.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("high", "low", "positive", "words"),
    [
        (-1, -2, "", "ratings below and above 0"),
        (3, 2, "", "ratings 1 to 5: from 4 on"),
        (8, 7, "9", "ratings 7 to 8: from 9 on"),
    ],
)
def test_a_build_is_refused_where_nothing_counts_for_an_item(
    tastegraph, shop, write, high, low, positive, words
):
    if positive:
        config = f"{FAST}[events]\npositive_rating = {positive}\n"
        (shop / "tastegraph.toml").write_text(config, encoding="utf-8")
    tastegraph("import", shop, "--events", write("events.csv", users(high, low)))
    done = tastegraph("build", shop)
    assert done.code == 1
    assert "none of the 160 events counts for an item" in done.err
    assert words in done.err
    assert "set [events] positive_rating" in done.err
    assert Workspace(shop).snapshots.current() is None


@pytest.mark.slow
@pytest.mark.parametrize(("high", "low", "share"), [(5, 5, "100.0%"), (1, 2, "0.6%")])
def test_a_build_warns_where_nearly_all_or_none_count(tastegraph, shop, write, high, low, share):
    rows = users(high, low)
    if share == "0.6%":
        rows = rows.replace(f"p0,b0,{high}", "p0,b0,5", 1)
    tastegraph("import", shop, "--events", write("events.csv", rows))
    done = tastegraph("build", shop)
    assert done.code == 0, done.err
    assert f"warning: {share} of 160 ratings count for their item" in done.err


@pytest.mark.slow
def test_the_evaluation_says_the_scale(tmp_path):
    workspace = Workspace.init(tmp_path / "cinema", SETTINGS)
    ten = [Event(e.event_id, e.user_id, e.item_id, e.type, 2 * e.value) for e in events()]
    workspace.ingest(items=films(), events=ten)
    workspace.build()
    positives = workspace.evaluate()["protocol"]["positives"]
    assert positives == "events of weight > 0; ratings 1 to 10: from 7 on they count for an item"


def test_no_events_and_impressions_alone_are_no_fault():
    meaning = EventMeaning.of(EventsConfig(), {})
    nothing = interactions(EventColumns.of([]), {"a": 0}, meaning)
    check_events(nothing, meaning, {})
    check_events(nothing, meaning, {"impression": 9})
    with pytest.raises(TastegraphError, match=r"2 of type 'skip' with the weight -0\.3"):
        check_events(nothing, meaning, {"skip": 2})
