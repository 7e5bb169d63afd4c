"""TopicReading of documents: title and text of each, in its language, as occurrences of phrases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from tastegraph.kg.extraction.topics.chinese import ChineseReader
from tastegraph.kg.extraction.topics.english import EnglishReader
from tastegraph.kg.extraction.topics.occurrences import (
    Kind,
    Occurrence,
    OccurrenceColumns,
    OccurrenceTable,
)
from tastegraph.text.languages import contains_han, contains_kana

TextLanguage = Literal["English", "Chinese", "other"]
LANGUAGES: tuple[TextLanguage, ...] = ("English", "Chinese", "other")


@dataclass
class TopicReader:
    """Lists the phrases of texts, each in its language.

    Attributes:
        texts: language → how many texts were read.
    """

    texts: Counter[TextLanguage] = field(default_factory=Counter)

    @cached_property
    def _english(self) -> EnglishReader:
        return EnglishReader()

    @cached_property
    def _chinese(self) -> ChineseReader:
        return ChineseReader()

    def language(self, text: str) -> TextLanguage:
        """The language of a text: Chinese where it has Chinese characters and no Japanese ones."""
        if contains_han(text):
            return "other" if contains_kana(text) else "Chinese"
        return "English" if self._english.is_english(text) else "other"

    def read(self, documents: Iterable[tuple[str, str]]) -> OccurrenceTable:
        """The occurrences in documents, each a title and a text.

        A title beside a text counts for its names and for phrases of several words: the single
        words of a title are often a figure of speech. A title without a text is read as a text.
        """
        columns = OccurrenceColumns()
        for number, (title, text) in enumerate(documents):
            body = text if text.strip() else title
            language = self.language(body)
            self.texts[language] += 1
            is_title = not text.strip()
            columns.add(number, self._occurrences(body, language, is_title), is_title)
            if text.strip() and title.strip():
                in_title = self._occurrences(title, self.language(title), is_title=True)
                several_words = (o for o in in_title if o.kind != Kind.WORD)
                columns.add(number, several_words, in_title=True)
        return columns.table()

    def _occurrences(
        self, text: str, language: TextLanguage, is_title: bool
    ) -> Iterator[Occurrence]:
        if language == "Chinese":
            return self._chinese.read(text)
        if language == "English":
            return self._english.read(text, is_title)
        return self._english.names(text)
