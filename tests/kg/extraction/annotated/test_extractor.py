"""Facts read from texts, learned from annotated sentences."""

import itertools
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.kg.extraction.annotated.corpus import AnnotatedSentence, Triple
from tastegraph.kg.extraction.annotated.extractor import SentenceExtractor, learn_from_annotated

FIRST = ("Ann", "Bob", "Cleo", "Dan", "Eve", "Finn", "Gwen", "Hal", "Ida", "Jon")
LAST = ("Abbott", "Brook", "Carver", "Dalton", "Ellis", "Frost", "Gale", "Hart", "Irving", "Jones")
HEADS = ("Silent", "Golden", "Broken", "Distant", "Hidden", "Frozen", "Crimson", "Hollow")
TAILS = ("River", "Mountain", "Harvest", "Lantern", "Garden", "Mirror", "Voyage", "Winter")


def corpus(n: int, offset: int = 0) -> list[AnnotatedSentence]:
    """Films with a director, an actor, a year and a length, in three ways of saying so."""
    titles = [f"{head} {tail}" for head, tail in itertools.product(HEADS, TAILS)]
    people = [f"{first} {last}" for first, last in itertools.product(FIRST, LAST)]
    sentences = []
    for k in range(offset, offset + n):
        film = titles[(7 * k) % len(titles)]
        director, actor = people[(3 * k) % 100], people[(3 * k + 51) % 100]
        minutes, day = 80 + k % 50, 1 + k % 28
        ways = (
            f"{film} was directed by {director} and stars {actor}. It runs {minutes} minutes.",
            f"{director} directed {film}, a {minutes} minute film starring {actor}.",
            f"{film}, released on 03-{day:02}-1990, is a film directed by {director}.",
        )
        facts = [Triple(film.replace(" ", "_"), "director", director.replace(" ", "_"))]
        if k % 3 < 2:
            facts.append(Triple(film.replace(" ", "_"), "starring", actor.replace(" ", "_")))
            facts.append(Triple(film.replace(" ", "_"), "runtime", f"{minutes}.0"))
        else:
            facts.append(Triple(film.replace(" ", "_"), "releaseDate", f"1990-03-{day:02}"))
        sentences.append(AnnotatedSentence(ways[k % 3], tuple(facts)))
    return sentences


@pytest.fixture(scope="module")
def extractor() -> SentenceExtractor:
    return learn_from_annotated(corpus(60))


def facts_in(extractor: SentenceExtractor, text: str) -> set[tuple[str, str, str]]:
    return {
        (f.subject.replace("_", " "), f.relation, f.object.replace("_", " "))
        for f in extractor.extract(text)
    }


def test_names_that_were_never_seen_are_read(extractor):
    text = "Purple Meadow was directed by Zoe Quill and stars Max Undset. It runs 101 minutes."
    assert facts_in(extractor, text) == {
        ("Purple Meadow", "director", "Zoe Quill"),
        ("Purple Meadow", "starring", "Max Undset"),
        ("Purple Meadow", "runtime", "101.0"),
    }


def test_days_are_written_as_the_annotations_write_them(extractor):
    text = "Purple Meadow, released on 21 May 1955, is a film directed by Zoe Quill."
    assert ("Purple Meadow", "releaseDate", "1955-05-21") in facts_in(extractor, text)


def test_spans_are_where_the_arguments_stand(extractor):
    text = "Purple Meadow was directed by Zoe Quill and stars Max Undset. It runs 101 minutes."
    for fact in extractor.extract(text):
        start, end = fact.subject_span
        assert text[start:end] == "Purple Meadow"
        start, end = fact.object_span
        assert fact.object.removesuffix(".0").replace("_", " ") in text[start:end]
        assert extractor.threshold <= fact.confidence <= 1


def test_only_relations_of_the_schema_are_stated(extractor):
    text = "Purple Meadow was directed by Zoe Quill and stars Max Undset. It runs 101 minutes."
    relations = {fact.relation for fact in extractor.extract(text, ["director"])}
    assert relations == {"director"}
    assert extractor.extract(text, []) == []


def test_a_text_about_something_else_states_nothing(extractor):
    assert not extractor.extract("the weather was fine and nobody came.")
    assert not extractor.extract("")


def test_the_same_seed_reads_the_same(extractor):
    again = learn_from_annotated(corpus(60))
    assert again.threshold == extractor.threshold
    for sentence in corpus(20, offset=60):
        assert again.extract(sentence.text) == extractor.extract(sentence.text)


def test_sentences_of_one_relation_suffice():
    sentences = [
        AnnotatedSentence(s.text, s.triples[:1]) for s in corpus(24) if "directed by" in s.text
    ]
    one = learn_from_annotated(sentences)
    assert one.relations == ("director",)
    assert facts_in(one, "Purple Meadow was directed by Zoe Quill and stars Max Undset.") <= {
        ("Purple Meadow", "director", "Zoe Quill")
    }


def test_nothing_to_learn_from_is_an_error():
    with pytest.raises(ValueError, match="subject and its object"):
        learn_from_annotated([AnnotatedSentence("Nothing here.", ())])


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=300))
def test_no_text_breaks_the_extractor(extractor, text):
    for fact in extractor.extract(text):
        assert 0 <= fact.object_span[0] < fact.object_span[1] <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "Purple Meadow\0 was directed by \0 Zoe Quill.",
        "<b>Purple Meadow</b> was <script>alert(1)</script> directed by Zoe Quill.",
        "Zoe Quill and " * 3000,
        "(" * 5000,
        "1,000,000-" * 2000,
        "a" * 100_000,
    ],
)
def test_hostile_texts_are_read_like_others(extractor, text):
    extractor.extract(text)


def test_an_object_has_a_relation_to_one_subject_unless_a_second_is_likely(extractor):
    for sentence in corpus(30, offset=60):
        unlikely = [f for f in extractor.extract(sentence.text) if f.confidence <= 0.5]
        places = [(fact.object_span, fact.relation) for fact in unlikely]
        assert len(places) == len(set(places))


@pytest.mark.slow
def test_every_process_reads_the_same():
    code = (
        "from tests.kg.extraction.annotated.test_extractor import corpus\n"
        "from tastegraph.kg.extraction.annotated.extractor import learn_from_annotated\n"
        "extractor = learn_from_annotated(corpus(24))\n"
        "print([extractor.extract(sentence.text) for sentence in corpus(9, offset=30)])\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1
    assert "director" in outputs.pop()
