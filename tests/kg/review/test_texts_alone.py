"""Sixty texts without any fact or event: derived topics, lists for a history of two, reasons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tastegraph.core.records import BROADER, ITEM, LABEL, MENTIONS, Event, Item, Span
from tastegraph.store import statements
from tastegraph.store.schema import DERIVED, LANGUAGE_MODEL, TOPICS
from tastegraph.workspace import Workspace
from tests.support.cinema import SETTINGS
from tests.support.topics import items_of

from .test_derivation import facts_of


class Club(NamedTuple):
    """Texts of one language, and what is to be found in them.

    Attributes:
        texts: name of the file.
        language: of sentences.
        topics: label → ids of the items that mention it.
        history: the two items that the user likes.
        expected: an item that must be in the list of four, with the topic that reasons name.
        similar: an item, and one that is much like it.
    """

    texts: str
    language: str
    topics: dict[str, set[str]]
    history: tuple[str, str]
    expected: tuple[str, str]
    similar: tuple[str, str]


ENGLISH = Club(
    "library_english",
    "en",
    {
        "Lorenz Adler": {"book-04", "book-05", "book-06"},
        "lighthouse keeper": {"book-01", "book-02"},
        "Kyoto": {"book-42", "book-43", "book-44", "book-45"},
        "artificial intelligence": {"book-40", "book-41"},
    },
    ("book-42", "book-43"),
    ("book-45", "Kyoto"),
    ("book-23", "book-25"),
)
CHINESE = Club(
    "films_chinese",
    "zh",
    {
        "周野": {"film-01", "film-02", "film-03"},
        "灯塔看守人": {"film-05", "film-06"},
        "敦煌": {"film-18", "film-19", "film-20", "film-21"},
        "罗一刀": {"film-14", "film-15"},
    },
    ("film-51", "film-20"),
    ("film-52", "青花瓷"),
    ("film-46", "film-47"),
)
CLUBS = pytest.mark.parametrize("club", [ENGLISH, CHINESE], ids=["English", "Chinese"])


@pytest.fixture
def shop(tmp_path, club: Club) -> Iterator[Workspace]:
    workspace = Workspace.init(
        tmp_path / "club", {key: SETTINGS[key] for key in ("model", "evaluation")}
    )
    workspace.ingest(items=items_of(club.texts))
    yield workspace
    workspace.close()


def derive(workspace: Workspace) -> dict[str, int]:
    return {step: workspace.knowledge.derive(step) for step in DERIVED if step != LANGUAGE_MODEL}


def mentions(workspace: Workspace) -> dict[str, set[str]]:
    """Label of a topic → ids of the items that mention it."""
    stated = facts_of(workspace, TOPICS)
    labels = {subject: label for subject, relation, label in stated if relation == LABEL}
    topics: dict[str, set[str]] = {}
    for subject, relation, topic in stated:
        if relation == MENTIONS:
            topics.setdefault(labels[topic], set()).add(subject.removeprefix(ITEM))
    return topics


@CLUBS
def test_texts_alone_become_topics_that_items_share(shop, club):
    counts = derive(shop)
    assert counts[TOPICS] > 0
    topics = mentions(shop)
    for label, items in club.topics.items():
        assert topics[label] == items
    assert all(len(items) >= 2 for items in topics.values())
    assert len(set().union(*topics.values())) >= 58


@CLUBS
def test_spans_are_words_of_the_text(shop, club):
    shop.knowledge.derive(TOPICS)
    texts = {ITEM + item.item_id: item.text for item in items_of(club.texts)}
    spans: list[Span] = []
    with shop.database.reading() as connection:
        for fact_id in statements.stated_by(connection, TOPICS):
            spans += [span for _, _, span in statements.supports(connection, fact_id) if span]
    assert len(spans) > 150
    for span in spans:
        words = texts[span.document][span.start : span.end]
        assert words.strip() == words != ""


@CLUBS
def test_deriving_twice_and_forgetting_leave_what_was_there(shop, club):
    shop.knowledge.derive(TOPICS)
    before = facts_of(shop, TOPICS)
    shop.knowledge.derive(TOPICS)
    assert facts_of(shop, TOPICS) == before
    shop.knowledge.forget(TOPICS)
    assert facts_of(shop, TOPICS) == {}


@pytest.mark.slow
@CLUBS
def test_a_history_of_two_gets_lists_with_reasons_that_name_topics(shop, club):
    derive(shop)
    events = [
        Event(f"e{k}", "ann", item, "like", None, float(k)) for k, item in enumerate(club.history)
    ]
    others = [("ben", "01"), ("ben", "02"), ("cho", "08"), ("cho", "09")]
    prefix = club.history[0][:5]
    events += [Event(f"{u}{k}", u, prefix + k, "like", None, 9.0) for u, k in others]
    shop.ingest(events=events)
    shop.build()
    item, topic = club.expected
    answer = shop.engine.recommend("ann", 4, language=club.language)
    listed = {entry.item_id: entry for entry in answer.items}
    assert item in listed
    texts = [reason.text for reason in listed[item].reasons]
    assert any(topic in text for text in texts), texts
    content = shop.engine.content(item, language=club.language)
    assert topic in {edge.label for edge in content.content}
    left, right = club.similar
    more_like_this = shop.recommend([Event("s", "anyone", left, "like")], 4)
    assert right in {entry.item_id for entry in more_like_this.items}


def test_texts_that_share_nothing_say_so(tmp_path, capsys):
    workspace = Workspace.init(tmp_path / "club")
    workspace.ingest(items=[Item("a", "A", "A lighthouse."), Item("b", "B", "Deserts.")])
    assert workspace.knowledge.derive(TOPICS) == 0
    notice = capsys.readouterr().err
    assert "topics: none: 2 texts, and no 2 of them share a phrase" in notice
    workspace.close()


def test_each_step_says_why_it_derived_nothing(tmp_path, capsys):
    workspace = Workspace.init(tmp_path / "club")
    workspace.ingest(items=[Item("a", "A", "A lighthouse."), Item("b", "B", "Deserts.")])
    assert set(derive(workspace).values()) == {0}
    notices = capsys.readouterr().err
    for words in (
        "linking: no source but the catalogue states facts about entities",
        "mentions: 2 texts, and no source names an entity",
        "patterns: there is nothing to learn from",
        "fusion: there are no entities",
    ):
        assert words in notices
    workspace.close()


def test_an_empty_catalogue_says_what_to_import(tmp_path, capsys):
    workspace = Workspace.init(tmp_path / "club")
    workspace.ingest(items=[])
    derive(workspace)
    notices = capsys.readouterr().err
    for step in ("linking", "mentions", "topics", "patterns", "fusion"):
        assert f"{step}: there are no" in notices or f"{step}: no item" in notices
    workspace.close()


def test_the_head_of_a_topic_is_mentioned_too(tmp_path):
    workspace = Workspace.init(tmp_path / "club")
    texts = ["A haunted house.", "Her haunted house.", "A house burns.", "The house."]
    texts += ["Owls.", "Bees.", "Deserts.", "Glaciers."]
    workspace.ingest(items=[Item(str(k), f"T{k}", text) for k, text in enumerate(texts)])
    workspace.knowledge.derive(TOPICS)
    stated = facts_of(workspace, TOPICS)
    assert ("name:haunted house", BROADER, "name:house") in stated
    assert mentions(workspace) == {"haunted house": {"0", "1"}, "house": {"0", "1", "2", "3"}}
    workspace.close()


def test_titles_without_texts_are_read(tmp_path):
    workspace = Workspace.init(tmp_path / "shop")
    titles = ["Steel Water Bottle", "Kids Water Bottle 500ml", "Camping Tent", "Wool Blanket"]
    workspace.ingest(items=[Item(str(k), title) for k, title in enumerate(titles)])
    workspace.knowledge.derive(TOPICS)
    assert mentions(workspace)["Water Bottle"] == {"0", "1"}
    workspace.close()
