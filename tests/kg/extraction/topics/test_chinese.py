"""Phrases and names of Chinese texts."""

from __future__ import annotations

import pytest

from tastegraph.kg.extraction.topics.chinese import ChineseReader
from tastegraph.kg.extraction.topics.occurrences import TopicReading

READER = ChineseReader()


def phrases(text: str) -> set[str]:
    return {o.key for o in READER.read(text) if o.reading == TopicReading.YES}


def test_spans_are_the_words_in_the_text():
    text = "灯塔看守人来到上海，看《霸王别姬》。"
    for occurrence in READER.read(text):
        assert text[occurrence.start : occurrence.end] == occurrence.key
    assert {"灯塔看守人", "上海", "霸王别姬"} <= phrases(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("女侠沈青衣收了一个徒弟。", {"女侠", "沈青衣", "徒弟"}),
        ("川菜厨师罗一刀带着徒弟。", {"罗一刀", "厨师"}),
        ("导演顾长鸣的喜剧。", {"顾长鸣", "喜剧"}),
        ("他在Blue Note听爵士乐。", {"blue note", "爵士乐"}),
    ],
)
def test_names_that_the_dictionary_does_not_have(text, names):
    assert names <= phrases(text)


def test_a_person_is_no_part_of_a_longer_phrase():
    assert not any(len(key) > 3 and "沈青衣" in key for key in phrases("女侠沈青衣来了。"))


def test_verbs_are_topics_only_where_a_noun_must_stand():
    assert "侦探" in phrases("一位侦探来了。")
    assert "讲述" not in phrases("影片讲述了一位侦探。")


def test_general_words_are_no_topics_alone():
    assert phrases("这个故事里的人们一起生活。") == set()


def test_phrases_of_several_words():
    assert {"图书管理员", "苏州园林"} <= phrases("图书管理员在苏州园林里看书。")
