"""Named-entity recognition by a spaCy model: texts go in, spans of names come out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from tastegraph.core.errors import ConfigError, TastegraphError

if TYPE_CHECKING:
    from spacy.language import Language


class NamedEntity(NamedTuple):
    """A recognised name: the half-open span ``text[start:end]`` and the model's label for it."""

    start: int
    end: int
    kind: str


class EntityRecogniser:
    """Named-entity recognition by a spaCy pipeline.

    Args:
        model: the name of an installed pipeline, or a folder that holds one.
        kinds: the labels of entities to return.

    Attributes:
        name: the pipeline with its version, as the spans of facts give it.

    Raises:
        TastegraphError: spaCy is not installed.
        ConfigError: the pipeline does not exist, or does not recognise entities.
    """

    def __init__(self, model: str, kinds: Collection[str]) -> None:
        self._pipeline = _load_pipeline(model)
        self._kinds = frozenset(kinds)
        meta = self._pipeline.meta
        self.name = f"spacy:{meta.get('lang')}_{meta.get('name')}/{meta.get('version')}"

    def find(self, texts: Iterable[str]) -> Iterator[list[NamedEntity]]:
        """The names in each text, in order."""
        for parsed in self._pipeline.pipe(texts):
            yield [
                NamedEntity(entity.start_char, entity.end_char, entity.label_)
                for entity in parsed.ents
                if entity.label_ in self._kinds
            ]


def _load_pipeline(model: str) -> Language:
    try:
        import spacy
    except ImportError:
        raise TastegraphError(
            "recognising names needs spaCy: pip install 'tastegraph[spacy]'"
        ) from None
    try:
        pipeline = spacy.load(model)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"[extraction] spacy: {model!r} is no spaCy pipeline: {str(error).splitlines()[0]}"
        ) from None
    if not {"ner", "entity_ruler"} & set(pipeline.pipe_names):
        raise ConfigError(f"[extraction] spacy: {model!r} finds no named entities")
    return pipeline
