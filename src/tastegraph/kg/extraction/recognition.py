"""Names that no graph knows, found in a text by a spaCy model."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from tastegraph.core.errors import ConfigError, TastegraphError

if TYPE_CHECKING:
    from spacy.language import Language


class Recognised(NamedTuple):
    """A named entity: ``text[start:end]``, and what kind of thing the model takes it for."""

    start: int
    end: int
    kind: str


class Recogniser:
    """Named-entity recognition by a spaCy pipeline.

    Args:
        model: the name of an installed pipeline, or a folder that holds one.
        kinds: which of its labels count.

    Attributes:
        name: the pipeline with its version, as the facts' spans give it.

    Raises:
        TastegraphError: spaCy is not installed.
        ConfigError: there is no such pipeline, or it finds no entities.
    """

    def __init__(self, model: str, kinds: Collection[str]) -> None:
        self._pipeline = _loaded(model)
        self._kinds = frozenset(kinds)
        told = self._pipeline.meta
        self.name = f"spacy:{told.get('lang')}_{told.get('name')}/{told.get('version')}"

    def find(self, texts: Iterable[str]) -> Iterator[list[Recognised]]:
        """The names in each text, in order."""
        for read in self._pipeline.pipe(texts):
            yield [
                Recognised(found.start_char, found.end_char, found.label_)
                for found in read.ents
                if found.label_ in self._kinds
            ]


def _loaded(model: str) -> Language:
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
