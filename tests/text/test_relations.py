"""Relations in words."""

import pytest

from tastegraph.core.config import RelationConfig
from tastegraph.text.relations import phrase_of


@pytest.mark.parametrize(
    ("relation", "phrase"),
    [
        ("director", "director"),
        ("directed_by", "directed by"),
        ("age-rating", "age rating"),
        ("releaseYear", "release year"),
        ("http://dbpedia.org/ontology/birthPlace", "birth place"),
        ("http://www.w3.org/2004/02/skos/core#prefLabel", "pref label"),
        ("http://example.org/genre/", "genre"),
        ("film.film.directed_by", "directed by"),
        ("schema:productionCompany", "production company"),
        ("P57", "p57"),
        ("plays4Team", "plays4 team"),
        ("___", "___"),
        ("///", "///"),
        ("監督", "監督"),
    ],
)
def test_phrase_of_a_relation_is_the_end_of_its_name(relation, phrase):
    assert phrase_of(relation, {}) == phrase


def test_configured_phrase_takes_precedence():
    relations = {
        "a.b": RelationConfig(phrase="Regie"),
        "c.d": RelationConfig(use=True),
        "e.f": RelationConfig(phrase=""),
    }
    assert phrase_of("a.b", relations) == "Regie"
    assert phrase_of("c.d", relations) == "d"
    assert phrase_of("e.f", relations) == "f"
