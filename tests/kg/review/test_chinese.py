"""Linking, mentions and fusion in Chinese: a hundred texts, titles and names in other forms."""

from __future__ import annotations

import pytest
from benchmarks.knowledge import chinese

from tastegraph.kg.extraction.chinese_evidence import titles_in
from tastegraph.kg.extraction.gazetteer import COMMON_WORD_SCORE, Gazetteer
from tastegraph.kg.names import normalize_name


@pytest.fixture(scope="module")
def scores():
    return chinese.run()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "precision", "recall"),
    [("titles linked", 0.88, 0.93), ("mentions", 0.93, 0.93), ("names fused", 0.93, 0.9)],
)
def test_chinese_names_are_found_whatever_their_form(scores, step, precision, recall):
    row = scores[step]
    assert row["precision"] >= precision, row["wrong"]
    assert row["recall"] >= recall, row["missed"]


def mentions(text, *names, texts=()):
    gazetteer = Gazetteer([(name, name) for name in names], titles_in((text, *texts)))
    return [(text[m.start : m.end], m.score) for m in gazetteer.find(text)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("王力宏下月开唱。", "王力"),
        ("小李安排在靠窗的位置。", "李安"),
        ("国王力量不大。", "王力"),
        ("边境上的排雷军演持续了三天。", "雷军"),
        ("北京人的早餐少不了豆汁。", "北京"),
        ("小说《上海的早晨》写的是资本家。", "上海"),
        ("《北京人在纽约》播出时，街上没有人。", "北京"),
        ("在2046年的想象里。", "2046"),
    ],
)
def test_parts_of_longer_words_and_titles_are_no_mentions(text, name):
    assert mentions(text, name) == []


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("〔王家衛〕", "王家卫", "王家衛"),
        ("導演侯孝賢說", "侯孝贤", "侯孝賢"),
        ("由毕赣执导", "毕赣", "毕赣"),
        ("史蒂文斯皮尔伯格来了", "史蒂文·斯皮尔伯格", "史蒂文斯皮尔伯格"),
        ("克里斯托弗‧諾蘭喜歡", "克里斯托弗·诺兰", "克里斯托弗‧諾蘭"),
        ("流浪地球２上映", "流浪地球2", "流浪地球２"),
        ("流浪地球 2 上映", "流浪地球2", "流浪地球 2"),
        ("南京市的城墙", "南京", "南京"),
        ("《2046》重映", "2046", "2046"),
        ("看《英雄》（上集）", "英雄", "英雄"),
    ],
)
def test_variants_of_a_name_are_mentions_with_their_own_words(text, name, words):
    assert mentions(text, name) == [(words, 1.0)]


def test_a_word_of_the_language_is_a_name_only_as_a_title():
    assert mentions("我们活着就是为了明天。", "活着") == [("活着", COMMON_WORD_SCORE)]
    assert mentions("他喜欢《活着》。", "活着") == [("活着", 1.0)]
    assert mentions("邻居们都叫他英雄。", "英雄", texts=["《英雄》重映"]) == [
        ("英雄", COMMON_WORD_SCORE)
    ]


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("花樣年華", "花样年华"),
        ("史蒂文·斯皮尔伯格", "史蒂文斯皮尔伯格"),
        ("李　安", "李安"),
        ("流浪地球２", "流浪地球 2"),
        ("阿Q正傳", "阿 q 正传"),
        ("Ｍａｔｅ　６０", "mate 60"),
        ("Jean‑Luc O'Brien", "jean luc obrien"),
    ],
)
def test_the_normal_form_of_a_name_is_one_for_all_ways_to_write_it(name, normal):
    assert normalize_name(name) == normal
    assert normalize_name(normal) == normal
