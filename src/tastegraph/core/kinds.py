"""Kinds of things: the words that a configuration may use for them, and which are plain values."""

from __future__ import annotations

PERSON, PLACE, ORGANISATION, WORK, DATE, NUMBER = STANDARD_KINDS = (
    "person", "place", "organisation", "work", "date", "number",
)  # fmt: skip
"""Kinds whose objects are checked against what a text says of them."""
VALUE_KINDS = frozenset({DATE, NUMBER})
"""Kinds whose objects are values, of which a text writes figures, rather than entities."""
_SYNONYMS = {
    PERSON: """
        people human actor actress author artist director musician singer writer
        人 人物 演员 导演 作者
    """,
    PLACE: """
        location city town country region village state county river
        地点 地方 城市 国家 地区
    """,
    ORGANISATION: """
        organization company studio label band team university publisher agency party
        机构 组织 公司 乐队 大学
    """,
    WORK: """
        film movie book novel song album game play series title
        作品 电影 书 小说 歌曲 游戏
    """,
    DATE: "year day time 日期 年份 年",
    NUMBER: "amount quantity count length duration age 数字 数量",
}
_STANDARD = {word: kind for kind, words in _SYNONYMS.items() for word in (kind, *words.split())}


def standard_kind(kind: str) -> str:
    """The standard kind that a word means: "city" → "place"; another word in lower case.

    A plural in -s means the same as its singular.
    """
    word = " ".join(kind.casefold().split())
    return _STANDARD.get(word) or _STANDARD.get(word.removesuffix("s")) or word
