"""What speaks for and against a name at a place of a Chinese text: words, and titles in 《》.

Chinese puts no space between words, so the characters of a name may be parts of others: 王力 is
not named in 王力宏, nor 李安 in 小李安排. The words are those of jieba's dictionary, by the library
``rjieba``, in simplified characters; words that it only guesses are no evidence.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property

from tastegraph.kg.names import normalize_name, simplified
from tastegraph.text.languages import contains_han

TITLE = re.compile(r"《([^《》\n]{1,60})》")
"""A title in book title marks."""
_AFTER_TITLE = "》（(：:"
"""Characters that may follow the name of a work within 《》."""
_DIVISIONS = "市省县区州镇村"
"""Last characters of a word that is the place before them too: 南京市 is 南京."""
_UNITS = "年月日号"
"""Characters that make a number before them a date."""
_NAME_TAGS = ("n", "x", "eng", "j", "i", "l")
"""First letters of the tags of words that are names by themselves: nouns, set phrases."""
_PLACE = "ns"


class ChineseEvidence:
    """Words and titles of one text.

    Args:
        text: the text; every position counts its characters.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def excludes(self, start: int, end: int) -> bool:
        """Whether ``text[start:end]`` is a part of a longer word or title, and no name."""
        inside = self._title_around(start, end)
        if inside is not None:
            return start != inside[0] or self._text[end] not in _AFTER_TITLE
        following = self._text[end : end + 1]
        if self._text[start:end].isdecimal() and following and following in _UNITS:
            return True
        if not contains_han(self._text[start:end]):
            return False
        if self._word_over(start) is not None:
            return True
        word = self._word_over(end)
        if word is not None:
            first, last = self._words[word]
            is_division = first == start and last == end + 1 and following in _DIVISIONS
            return not (is_division and self._tags[word].startswith(_PLACE))
        return following == "人" and self._is_word(end, end + 1) and self._is_place(start, end)

    def is_common(self, start: int, end: int, *, is_title: bool) -> bool:
        """Whether ``text[start:end]`` is more likely an ordinary word than a name.

        Args:
            start, end: of the words.
            is_title: whether texts write this name in 《》.
        """
        if self._title_around(start, end) is not None or not contains_han(self._text[start:end]):
            return False
        place = bisect_right(self._starts, start) - 1
        if is_title and self._text[end - 1 : end] == "人" and self._is_place(start, end - 1):
            return True
        if not self._is_word(start, end):
            return False
        return is_title or not self._tags[place].startswith(_NAME_TAGS)

    def _title_around(self, start: int, end: int) -> tuple[int, int] | None:
        place = bisect_right(self._titles, (start, len(self._text))) - 1
        if place >= 0 and self._titles[place][0] <= start and end <= self._titles[place][1]:
            return self._titles[place]
        return None

    def _is_word(self, start: int, end: int) -> bool:
        place = bisect_right(self._starts, start) - 1
        return place >= 0 and self._words[place] == (start, end)

    def _is_place(self, start: int, end: int) -> bool:
        place = bisect_right(self._starts, start) - 1
        return self._is_word(start, end) and self._tags[place].startswith(_PLACE)

    def _word_over(self, position: int) -> int | None:
        """The number of the word that begins before ``position`` and ends behind it, if any."""
        place = bisect_right(self._starts, position) - 1
        if place < 0:
            return None
        start, end = self._words[place]
        return place if start < position < end else None

    @cached_property
    def _titles(self) -> list[tuple[int, int]]:
        return [match.span(1) for match in TITLE.finditer(self._text)]

    @cached_property
    def _tagged(self) -> list[tuple[int, int, str]]:
        import rjieba

        words, end = [], 0
        for word, tag in rjieba.tag(simplified(self._text), False):
            start, end = end, end + len(word)
            words.append((start, end, tag))
        return words

    @cached_property
    def _words(self) -> list[tuple[int, int]]:
        return [(start, end) for start, end, _ in self._tagged]

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _, _ in self._tagged]

    @cached_property
    def _tags(self) -> list[str]:
        return [tag for _, _, tag in self._tagged]


def titles_in(texts: Iterable[str]) -> frozenset[str]:
    """The titles that ``texts`` write in 《》, in the normal form of names."""
    return frozenset(
        normalize_name(match[1]) for text in texts if "《" in text for match in TITLE.finditer(text)
    )
