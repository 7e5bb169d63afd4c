"""Which phrases are topics, their variants, and their hierarchy."""

from __future__ import annotations

import random

import pytest

from tastegraph.kg.extraction.topics import selection
from tastegraph.kg.extraction.topics.hierarchy import broader_topics
from tastegraph.kg.extraction.topics.occurrences import Kind
from tests.support.topics import items_of, selection_of, topics_of


def test_a_topic_is_shared_by_two_texts():
    texts = ["A lighthouse in a storm.", "The lighthouse burns.", "A desert.", "A glacier."]
    assert topics_of(texts) == {"lighthouse": {0, 1}}


def test_what_most_texts_have_is_no_topic():
    texts = [f"A lighthouse and a {word}." for word in ("desert", "glacier", "train", "owl", "bee")]
    chosen = selection_of(texts)
    assert not len(chosen.table.key)
    assert chosen.dropped[selection.TOO_MANY] == 1
    assert chosen.examples[selection.TOO_MANY] == ["lighthouse"]


def test_names_that_sources_have_are_left_to_mentions():
    texts = ["By Mara Velden.", "With Mara Velden.", "A desert.", "A glacier."]
    assert topics_of(texts, {"mara velden"}) == {}
    assert selection_of(texts, {"mara velden"}).dropped[selection.KNOWN] == 1


def test_a_word_beside_another_noun_counts_where_texts_have_it_alone():
    others = ["A desert.", "A glacier.", "A train.", "Two owls."]
    assert topics_of(["A bank holiday.", "The bank vault.", *others]) == {}
    alone = ["A bank.", "The bank.", "A bank robbery."]
    assert topics_of([*alone, *others]) == {"bank": {0, 1, 2}}


def test_of_phrases_within_each_other_the_longest_counts():
    texts = ["A violin maker.", "The violin maker.", "A violin on a chair.", "Her violin broke."]
    texts += ["A desert.", "A glacier.", "A train.", "Two owls."]
    assert topics_of(texts) == {"violin maker": {0, 1}, "violin": {2, 3}}


@pytest.mark.parametrize(
    ("left", "right", "topic"),
    [
        ("A lighthouse keeper.", "Two Lighthouse-Keepers.", "lighthouse keeper"),
        ("A film noir.", "Her filmnoir.", "film noir"),
        ("We met MARA VELDEN there.", "With Mara Velden.", "mara velden"),
        ("By José Parra.", "With Jose Parra.", "jose parra"),
        ("Ｔhe ｌighthouse.", "A lighthouse.", "lighthouse"),
        ("By Inspector Otto Brandt.", "With Otto Brandt.", "otto brandt"),
    ],
)
def test_spellings_are_one_topic(left, right, topic):
    others = ["A desert.", "A glacier.", "A train."]
    assert topics_of([left, right, *others]).get(topic) == {0, 1}


def test_a_last_name_stands_for_the_only_full_name():
    texts = ["By Joel Coen.", "As Coen says, it works.", "A desert.", "A glacier."]
    assert topics_of(texts) == {"joel coen": {0, 1}}
    ambiguous = [*texts, "By Ethan Coen.", "An owl."]
    assert "joel coen" not in topics_of(ambiguous)


def test_a_place_is_no_last_name():
    texts = [
        "In Neo Tokyo it rains.",
        "They left Neo Tokyo.",
        "He is in Tokyo.",
        "To Tokyo!",
        "Owls.",
    ]
    assert topics_of(texts) == {"neo tokyo": {0, 1}, "tokyo": {2, 3}}


def test_a_given_name_stands_for_the_full_name_of_its_text():
    texts = ["林晓梅来了，晓梅笑了。", "晓梅是另一个人。", "林晓梅走了。", "沙漠。", "冰川。"]
    assert topics_of(texts)["林晓梅"] == {0, 2}


def test_topics_of_a_text_are_limited():
    nouns = [
        "lighthouse",
        "desert",
        "glacier",
        "train",
        "owl",
        "bee",
        "garden",
        "violin",
        "robot",
        "volcano",
        "dragon",
        "witch",
        "spy",
        "bread",
        "honey",
        "whale",
    ]
    text = " ".join(f"A {noun}." for noun in nouns)
    chosen = selection_of([text, text, "Sky.", "Moss.", "Salt."])
    assert len(chosen.table.key) == 2 * selection.MAX_TOPICS
    assert (
        chosen.dropped[selection.CROWDED.format(n=selection.MAX_TOPICS)]
        == len(nouns) - selection.MAX_TOPICS
    )


@pytest.mark.parametrize("name", ["library_english", "films_chinese"])
def test_the_order_of_texts_does_not_matter(name):
    texts = [item.text for item in items_of(name)]
    order = random.Random(3).sample(range(len(texts)), len(texts))
    shuffled = topics_of([texts[k] for k in order])
    assert {t: {order[k] for k in rows} for t, rows in shuffled.items()} == topics_of(texts)


def test_the_head_of_a_phrase_is_the_more_general_topic():
    kinds = {"violin maker": Kind.PHRASE, "maker": Kind.WORD, "star maker": Kind.NAME}
    assert broader_topics(kinds) == {"violin maker": "maker"}
    assert broader_topics({"科幻电影": Kind.PHRASE, "电影": Kind.WORD}) == {"科幻电影": "电影"}
    assert broader_topics({"苏州园林": Kind.NAME, "园林": Kind.WORD}) == {"苏州园林": "园林"}


def test_the_longest_head_is_the_next_topic():
    kinds = {
        "high school teacher": Kind.PHRASE,
        "school teacher": Kind.PHRASE,
        "teacher": Kind.WORD,
    }
    assert broader_topics(kinds) == {
        "high school teacher": "school teacher", "school teacher": "teacher",
    }  # fmt: skip
