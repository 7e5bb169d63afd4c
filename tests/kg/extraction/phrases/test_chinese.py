"""Chinese cues: where names begin and end, lists, and what is left out."""

from __future__ import annotations

import pytest

from tastegraph.core.config.phrase_examples import read_example
from tastegraph.core.kinds import DATE, PERSON, WORK
from tastegraph.kg.extraction.phrases.chinese import chinese_cues
from tastegraph.kg.extraction.phrases.matching import chinese_matches


def names(example: str, text: str, kind: str = PERSON) -> list[str]:
    cues = chinese_cues([read_example(example, kind)])
    return [match.candidate.name for match in chinese_matches(text, cues, kind)]


@pytest.mark.parametrize(
    ("text", "directors"),
    [
        ("影片由李安执导。", ["李安"]), ("影片由著名导演王家卫执导。", ["王家卫"]),
        ("李安导演的电影", ["李安"]), ("导演：陈凯歌，编剧：芦苇", ["陈凯歌"]),
        ("导演李安的新作", ["李安"]), ("由克里斯托弗·诺兰执导", ["克里斯托弗·诺兰"]),
        ("由李安和王家卫执导", ["李安", "王家卫"]), ("由上海电影厂导演", []),
        ("并非由李安执导", []), ("曾志远执导", ["曾志远"]), ("导演在上海出生", []),
    ],
)  # fmt: skip
def test_one_example_gives_the_other_words_for_the_same(text, directors):
    assert names("由[李安]执导", text) == directors


def test_lists_are_separated_by_their_marks():
    text = "周迅、陈坤主演，外景地在上海。主演：汤唯、梁朝伟。"
    assert names("由[梁朝伟]主演", text) == ["周迅", "陈坤", "汤唯", "梁朝伟"]


def test_who_plays_is_found_and_not_the_role():
    assert names("[周迅]饰演", "苏婉饰演裁缝阿秀，江一帆扮演她的哥哥。") == ["苏婉", "江一帆"]


def test_titles_and_years_have_cues_too():
    assert names("改编自《活着》", "改编自《边城》。", WORK) == ["边城"]
    assert names("[1994]年上映", "该片1996年上映。", DATE) == ["1996"]


def test_what_is_said_of_an_earlier_film_is_an_aside():
    cues = chinese_cues([read_example("由[李安]执导")])
    matches = chinese_matches("由王家卫执导。前作曾由杜鹃执导。", cues, PERSON)
    assert [(m.candidate.name, m.is_aside) for m in matches] == [("王家卫", False), ("杜鹃", True)]
