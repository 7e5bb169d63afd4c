"""Reasons in words, with their paths, in a small world; and as HTML."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core.html import html_table
from tastegraph.core.records import Event
from tastegraph.explain.wording import EnglishTemplates
from tests.support import serving_world


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return serving_world.open_engine(tmp_path_factory.mktemp("small"))


def reasons_of(engine, liked, target, kind="like", relation=None):
    answer = engine.explain([Event("", "", liked, kind)], target)
    if relation is None:
        return list(answer.reasons)
    known = (reason for reason in answer.reasons if reason.kind == "knowledge")
    return [reason for reason in known if relation in {step.p for step in reason.path}]


def test_fact_of_the_target_that_names_the_liked_item(engine):
    (reason,) = reasons_of(engine, "western-0", "western-1", relation="prequel")
    assert reason.text == "its prequel is *Western No. 0*, which you liked"
    (step,) = reason.path
    assert (step.s, step.p, step.o) == ("item:western-1", "prequel", "item:western-0")
    assert (step.s_label, step.o_label) == ("Western No. 1", "Western No. 0")


def test_fact_of_the_liked_item_that_names_the_target(engine):
    (reason,) = reasons_of(engine, "western-1", "western-0", relation="prequel")
    assert reason.text == "prequel of *Western No. 1*, which you liked"
    (step,) = reason.path
    assert (step.s, step.o) == ("item:western-1", "item:western-0")


def test_path_over_a_shared_entity_has_two_steps(engine):
    (genre,) = reasons_of(engine, "space-0", "space-3", relation="genre")
    assert genre.text == "genre Space opera, like *Space opera No. 0*, which you liked"
    assert [(s.s, s.o, s.o_label) for s in genre.path] == [
        ("item:space-0", "genre:space", "Space opera"),
        ("item:space-3", "genre:space", "Space opera"),
    ]
    (unnamed,) = reasons_of(engine, "space-1", "space-3", relation="director")
    assert unnamed.text == "same director as *Space opera No. 1*, which you liked"


def test_path_of_an_affinity_has_one_step(engine):
    reasons = [r for r in reasons_of(engine, "space-0", "space-3") if r.kind == "affinity"]
    assert reasons
    (genre,) = (r for r in reasons if r.path[0].p == "genre")
    assert [(s.s, s.o) for s in genre.path] == [("item:space-3", "genre:space")]
    assert genre.text == (
        "6 people who like *Space opera No. 0*, which you liked, like something else with the "
        "genre Space opera too"
    )


def test_dislike_lowers_similar_items(engine):
    events = [Event("", "", "space-0", "like"), Event("", "", "western-1", "dislike")]
    answer = engine.explain(events, "western-3")
    against = [r for r in answer.reasons if r.item_id == "western-1"]
    assert {r.kind for r in against} >= {"behaviour", "knowledge"}
    assert all(r.share < 0 for r in against if r.kind == "knowledge")
    (behaviour,) = (r for r in against if r.kind == "behaviour")
    words, item = EnglishTemplates(), ("Western No. 1", events[1])
    if behaviour.share < 0:  # a film similar to a disliked one has a share below 0
        assert behaviour.text == words.users_like_both(*item, behaviour.support)
    else:
        assert behaviour.text == words.users_like_less(*item, behaviour.support, 7)


def test_reason_for_a_stranger_is_popularity(engine):
    (reason,) = engine.explain([], "space-0").reasons
    assert (reason.kind, reason.item_id, reason.path) == ("popularity", None, ())
    assert reason.text == "liked by 6 people; nothing is known of your taste yet"
    assert reason.support == 6


def test_no_reason_comes_twice(engine):
    sentences = [(r.text, r.path) for r in reasons_of(engine, "western-0", "western-1")]
    assert len(sentences) == len(set(sentences))


# HTML tables of lists, items and reasons.


class Cells(HTMLParser):
    """The elements and the texts of cells of an HTML document."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        assert {name for name, _ in attributes} <= {"align"}, "no script, style or link"

    def handle_data(self, data):
        self.texts.append(data)


def parsed(answer) -> Cells:
    cells = Cells()
    cells.feed(answer._repr_html_())
    assert set(cells.tags) <= {"table", "caption", "thead", "tbody", "tr", "th", "td", "br"}
    return cells


def test_list_as_html_has_one_row_for_each_item(engine):
    answer = engine.recommend("western-1", 4)
    cells = parsed(answer)
    assert cells.tags.count("tr") == 5
    for item in answer.items:
        assert {item.item_id, item.title, f"{item.score:.4f}"} <= set(cells.texts)
        assert {reason.text for reason in item.reasons} <= set(cells.texts)


def test_hostile_titles_are_escaped_in_html(engine):
    recommendations = engine.recommend("western-2", 13)
    (hostile,) = (item for item in recommendations.items if item.title == serving_world.HOSTILE)
    explanation = engine.explain("western-2", hostile.item_id)
    session = [Event("", "", hostile.item_id, "like")]
    of_session = engine.explain(session, "western-0")
    for answer in (recommendations, hostile, explanation, of_session):
        cells = parsed(answer)
        assert "<img" not in answer._repr_html_()
        assert any(serving_world.HOSTILE in text for text in cells.texts)


def test_item_explanation_and_reason_as_html_have_their_reasons_and_paths(engine):
    item = engine.recommend("western-1", 1).items[0]
    explanation = engine.explain("western-1", item.item_id)
    for answer, reasons in ((item, item.reasons), (explanation, explanation.reasons)):
        cells = parsed(answer)
        assert cells.tags.count("tr") == 1 + len(reasons)
        assert {reason.text for reason in reasons} <= set(cells.texts)
    reason = next(reason for reason in explanation.reasons if reason.kind == "knowledge")
    cells = parsed(reason)
    assert {f"{reason.share:+.4f}", reason.text, *map(str, reason.path)} <= set(cells.texts)


@given(st.text(), st.lists(st.one_of(st.text(), st.none(), st.integers(), st.floats())))
def test_any_text_comes_out_of_html_as_it_went_in(caption, row):
    cells = Cells()
    cells.feed(html_table(["<b>"] * len(row), [row], caption))
    assert cells.tags.count("td") == len(row)
    assert "b" not in cells.tags
    assert "img" not in cells.tags
