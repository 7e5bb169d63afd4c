"""Segmentation, the gazetteer, candidates with cues, and pattern extraction."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core.errors import NotFoundError
from tastegraph.core.records import LABEL, Fact
from tastegraph.kg.extraction.candidates import (
    cue_features,
    gaps_around,
    learn_separators,
    name_candidates,
    number_candidates,
)
from tastegraph.kg.extraction.documents import Document
from tastegraph.kg.extraction.gazetteer import (
    INITIAL_SCORE,
    MISSING_NAME_SCORE,
    SENTENCE_START_SCORE,
    Gazetteer,
)
from tastegraph.kg.extraction.patterns import EXTRACTOR, learn_patterns
from tastegraph.kg.extraction.segmentation import (
    Orthography,
    Sentences,
    capitalised_runs,
    learn_orthography,
)
from tastegraph.kg.names import normalize_name
from tests.support.limits import within


def words(text, spans):
    return [text[span.start : span.end] for span in spans]


def mentions(text, *names):
    return Gazetteer((name, f"e{k}") for k, name in enumerate(names)).find(text)


# Sentences.


def test_sentences_end_in_english_and_chinese_but_not_at_an_initial():
    text = "Directed by F. Feist and R. Downey Jr. It stars Spike Lee. Good! 他好。她好！"
    sentences = Sentences(text)
    bounds = zip(sentences.starts, sentences.ends, strict=True)
    first, *rest = [text[start:end].strip() for start, end in bounds]
    assert first == "Directed by F. Feist and R. Downey Jr. It stars Spike Lee."
    assert rest == ["Good!", "他好。", "她好！"]
    assert sentences.number_at(text.index("Good")) == 1
    assert sentences.opens_at(text.index("Good"))
    assert not sentences.opens_at(text.index("Spike"))


@given(st.text(alphabet=" .!?\n。aB", max_size=80))
def test_sentences_cover_the_text(text):
    sentences = Sentences(text)
    assert sentences.starts[0] == 0
    assert sentences.ends[-1] == len(text)
    assert sentences.starts == sorted(set(sentences.starts))


# Mentions.


def test_mentions_are_the_longest_names_and_whole_words():
    text = "James Deanery met James Dean and James."
    assert words(text, mentions(text, "James", "James Dean", "Dean")) == [
        "James",
        "James Dean",
        "James",
    ]


def test_a_capitalised_name_needs_capitals_in_the_text():
    text = "We saw a crash in Crash, a drama. It is up to the Up crew."
    assert words(text, mentions(text, "Crash", "Up", "drama")) == ["Crash", "drama", "Up"]


def test_a_single_word_at_the_start_of_a_sentence_scores_less():
    found_mentions = mentions("Up is a film. He saw Up twice.", "Up")
    assert [mention.score for mention in found_mentions] == [SENTENCE_START_SCORE, 1.0]


def test_a_name_is_not_found_across_punctuation_or_sentences():
    assert mentions("by James, Dean and Harrison. Ford", "James Dean", "Harrison Ford") == []
    assert words("of Me, Myself", mentions("of Me, Myself", "Me, Myself")) == ["Me, Myself"]


def test_accents_and_apostrophes_do_not_matter():
    text = "with Sinead Cusack and Peter O’Fallon"
    assert words(text, mentions(text, "Sinéad Cusack", "Peter O'Fallon")) == [
        "Sinead Cusack",
        "Peter O’Fallon",
    ]


def test_chinese_names_need_no_boundary_and_latin_ones_inside_chinese_do():
    text = "《卧虎藏龙》由李安执导，Ang Lee也是编剧。"
    gazetteer = Gazetteer([("李安", "lee"), ("Ang Lee", "lee"), ("卧虎藏龙", "film")])
    matches = gazetteer.find(text)
    assert words(text, matches) == ["卧虎藏龙", "李安", "Ang Lee"]
    assert [mention.entities for mention in matches] == [("film",), ("lee",), ("lee",)]


def test_a_name_of_several_entities_gives_all_of_them():
    gazetteer = Gazetteer([("John Ford", "a"), ("john ford", "b"), ("John Ford", "a")])
    (mention,) = gazetteer.find("John Ford")
    assert mention.entities == ("a", "b")


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("F. Feist", INITIAL_SCORE),
        ("Felix Feist", MISSING_NAME_SCORE),
        ("F. E. Feist", INITIAL_SCORE),
        ("Felix E. Fiest", 1 - 1 / len("felix e feist")),
    ],
)
def test_fuzzy_mentions_allow_a_typo_and_initials(text, score):
    sentence = f"It is by {text}, they say."
    (mention,) = mentions(sentence, "Felix E. Feist")
    assert words(sentence, [mention]) == [text]
    assert mention.score == pytest.approx(score)


@pytest.mark.parametrize(
    "text", ["Felix Beist Feist", "G. Feist", "Felix", "felix feist", "Feliks Faist"]
)
def test_other_names_are_not_fuzzy_mentions(text):
    assert mentions(f"by {text}.", "Felix E. Feist") == []


def test_a_tie_of_similar_names_is_no_mention():
    assert mentions("by J. Ford.", "John Ford", "James Ford") == []


NAMES = st.sampled_from(
    ["Ang Lee", "李安", "Crash", "Sinéad Cusack", "L.A. Story", "O'Brien", "up", "½ Life", "가 나"]
)
PIECES = st.one_of(
    NAMES,
    st.sampled_from([" ", ". ", ", ", "’s", "的", "İ", "ﬁ", "ß", "\u0301", "-"]),
    st.text(max_size=3),
)


@given(st.lists(NAMES, min_size=1), st.lists(PIECES).map("".join))
def test_an_exact_mention_is_a_name_of_its_entity(names, text):
    matches = Gazetteer((name, name) for name in names).find(text)
    for mention in matches:
        if mention.score in (1.0, SENTENCE_START_SCORE):
            mention_name = normalize_name(text[mention.start : mention.end])
            assert mention_name in map(normalize_name, mention.entities)
    assert all(a.end <= b.start for a, b in itertools.pairwise(matches))


def test_an_empty_gazetteer_and_nameless_names_find_nothing():
    assert Gazetteer([]).find("Ang Lee") == []
    assert Gazetteer([("…", "x"), ("", "y")]).find("… Ang Lee") == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "." * 200_000,
        "\n " * 100_000,
        "A." * 100_000,
        "Ab " * 70_000,
        "a.b" * 70_000,
        "Aa1 von " * 30_000,
        "阿" * 200_000,
        "( , . \x02\x03" * 30_000,
    ],
)
def test_hostile_texts_are_read_in_bounded_time(text):
    gazetteer = Gazetteer([("a", "1"), ("aa", "2"), ("Ab Ab", "3"), ("阿", "4"), ("A. A", "5")])
    with within(8):
        sentences = Sentences(text)
        candidates = name_candidates(text, sentences, gazetteer, Orthography())
        cue_features(text, sentences, candidates[:2000], ())


def test_many_aliases_and_many_typos_take_bounded_time():
    rng = random.Random(1)
    names = ["".join(rng.choices("bcdfgaeiou", k=8)).title() for _ in range(20_000)]
    gazetteer = Gazetteer((f"John {name}", "one") for name in names)
    text = " and ".join(f"John {name[:-1]}x" for name in names[:400]) + f" by John {names[7]}."
    with within(3):
        last = gazetteer.find(text)[-1]
    assert last.entities == ("one",)
    assert last.score == 1.0


# Candidates.


def test_runs_hold_particles_initials_and_hyphens_but_no_possessive():
    text = "It stars Max von Sydow, Jean-Luc Godard's wife and J. R. Ewing of Dallas."
    runs = capitalised_runs(text, Sentences(text), {"von"})
    assert [text[start:end] for start, end in runs] == [
        "It", "Max von Sydow", "Jean-Luc Godard", "J. R. Ewing", "Dallas",
    ]  # fmt: skip


def test_a_known_name_of_several_words_replaces_a_run():
    text = "Actor Tom Hanks met Denzel Washington. Later Hanks left."
    gazetteer = Gazetteer([("Tom Hanks", "t"), ("Denzel", "d")])
    orthography = Orthography(ordinary=frozenset({"later"}))
    candidates = name_candidates(text, Sentences(text), gazetteer, orthography)
    assert words(text, candidates) == ["Tom Hanks", "Denzel Washington", "Hanks"]
    assert [(candidate.name, candidate.entities) for candidate in candidates] == [
        ("Tom Hanks", ("t",)), ("Denzel Washington", ()), ("Tom Hanks", ("t",)),
    ]  # fmt: skip


def test_number_candidates_keep_separators():
    candidates = number_candidates("a 1996 film of 1,200.5 minutes, 7.")
    assert [candidate.name for candidate in candidates] == ["1996", "1,200.5", "7"]


def test_orthography_learns_particles_and_ordinary_words():
    text = "The film stars Max von Sydow and Bo Ek. Later the film by Ek and Max von Sydow. "
    spans = [
        (k, k + len("Max von Sydow")) for k in range(len(text)) if text.startswith("Max von", k)
    ]
    repeated = [(len(text) + start, len(text) + end) for start, end in spans]
    orthography = learn_orthography([text * 2], [spans + repeated])
    assert orthography.particles == {"von"}
    assert "the" in orthography.ordinary
    assert "later" not in orthography.ordinary
    assert "max" not in orthography.ordinary


# Cues.


def test_the_cue_of_a_list_is_the_words_before_it():
    text = "It is directed by A Bo and stars C Do, E Fo and G Ho as I."
    sentences = Sentences(text)
    orthography = Orthography(ordinary=frozenset({"it"}))
    candidates = name_candidates(text, sentences, Gazetteer([]), orthography)
    assert [gap for gap, _ in gaps_around(text, sentences, candidates)][1:4] == [
        ("and", "stars"),
        (",",),
        ("and",),
    ]
    cues = cue_features(text, sentences, candidates, {(",",), ("and",)})
    assert "cue directed by" in cues[0]
    assert "cue stars" not in cues[0]
    assert all("cue is and stars" in features for features in cues[1:4])
    assert "listed 2 of 2" in cues[3]
    assert "after as" in cues[3]


def test_separators_of_lists_are_learned():
    gaps = [(), (",",), ("and",), ("as",)]
    assert learn_separators([(gaps, [True, True, True, False])] * 5) == {(",",), ("and",)}
    assert learn_separators([(gaps, [True, True, True, False])] * 4) == frozenset()


# Patterns.

FIRST = ["Ada", "Bo", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hal", "Ida", "Jon", "Kim", "Lou"]
LAST = ["Marsh", "North", "Oaks", "Pike", "Quill", "Reed", "Stone", "Thorn", "Vale", "West"]
SENTENCES = [
    "{title} is a {year} drama film directed by {d} and starring {a}, {b} and {c}.",
    "{title} is a comedy made in {year} by director {d}. It stars {a}, {b} and {c}.",
    "Starring {a}, {b} and {c}, {title} ({year}) was directed by {d}.",
]


def films(n, seed):
    """``n`` films with texts, facts and names; producers and 30 minutes are no fact."""
    rng = random.Random(seed)
    people = [f"{first} {last}" for first in FIRST for last in LAST]
    documents, facts, names = [], [], {}
    for k in range(n):
        d, a, b, c, p = rng.sample(people, 5)
        year = str(rng.randint(1950, 2020))
        text = rng.choice(SENTENCES).format(title=f"Film {k}", year=year, d=d, a=a, b=b, c=c)
        text += f" It was produced by {p} in 30 days."
        documents.append(Document(f"item:{seed}-{k}", f"f{seed}-{k}", text))
        subject = documents[-1].subject
        facts.append(Fact(subject, "director", f"id {d}"))
        facts += [Fact(subject, "starring", f"id {actor}") for actor in (a, b, c)]
        facts.append(Fact(subject, "year", year, literal=True))
        names |= {f"id {person}": person for person in (d, a, b, c)}
    return documents, facts, names


@pytest.fixture(scope="module")
def extractor():
    documents, facts, names = films(120, seed=1)
    return learn_patterns(
        documents, facts, Gazetteer((name, entity) for entity, name in names.items())
    )


def triples(facts):
    return {(fact.subject, fact.relation, fact.object) for fact in facts if fact.relation != LABEL}


def test_learned_patterns_extract_facts_from_other_texts(extractor):
    documents, facts, _ = films(60, seed=2)
    extracted, known = triples(extractor.extract(documents)), triples(facts)
    assert len(extracted & known) / len(extracted) > 0.95
    assert len(extracted & known) / len(known) > 0.95


def test_spans_cover_the_object_and_confidence_is_a_probability(extractor):
    documents, _, _ = films(5, seed=3)
    texts = {document.id: document.text for document in documents}
    extracted = list(extractor.extract(documents))
    assert {fact.subject for fact in extracted} == {document.subject for document in documents}
    for fact in extracted:
        assert fact.span is not None
        assert fact.span.extractor == EXTRACTOR
        assert texts[fact.span.document][fact.span.start : fact.span.end] in fact.object
        assert 0 < fact.confidence <= 1
        assert fact.literal == (fact.relation == "year")


def test_an_unknown_name_gets_an_id_and_one_label(extractor):
    text = SENTENCES[0].format(title="X", year=1999, d="Zoë Zane", a="Bo West", b="Ux", c="Yul Ox")
    documents = [Document("item:x", "x", text), Document("item:y", "y", text)]
    extracted = list(extractor.extract(documents))
    directed = [fact for fact in extracted if fact.relation == "director"]
    labels = [fact for fact in extracted if fact.relation == LABEL]
    assert [(f.subject, f.object) for f in directed] == [
        ("x", "name:zoe zane"),
        ("y", "name:zoe zane"),
    ]
    assert ("name:zoe zane", "Zoë Zane") in [(f.subject, f.object) for f in labels]
    assert len(labels) == len({f.subject for f in labels})


def test_a_closed_gazetteer_yields_only_known_entities():
    documents, facts, names = films(60, seed=1)
    gazetteer = Gazetteer((name, entity) for entity, name in names.items())
    patterns = learn_patterns(documents, facts, gazetteer, closed=True)
    star = min(names.values())
    text = SENTENCES[0].format(
        title="X", year=1999, d="Zoë Zane", a="Yul Young", b=star, c="Ux Uno"
    )
    extracted = triples(patterns.extract([Document("item:x", "x", text)]))
    assert ("x", "starring", f"id {star}") in extracted
    assert {object_ for _, relation, object_ in extracted if relation != "year"} <= set(names)


def test_strongest_cues_name_the_words_of_a_relation(extractor):
    (first, most), *rest = extractor.strongest_cues("director", 5)
    assert any("directed" in cue for cue, _ in [(first, most), *rest])
    assert all(0 < weight <= most for _, weight in rest)
    with pytest.raises(NotFoundError, match="no patterns of 'editor': learned were"):
        extractor.strongest_cues("editor")


@pytest.mark.slow
def test_learning_is_deterministic(extractor):
    documents, facts, names = films(120, seed=1)
    again = learn_patterns(
        documents, facts, Gazetteer((name, entity) for entity, name in names.items())
    )
    more, _, _ = films(10, seed=4)
    assert list(again.extract(more)) == list(extractor.extract(more))
    assert again.strongest_cues("starring", 5) == extractor.strongest_cues("starring", 5)


def test_too_few_examples_teach_no_patterns():
    documents, facts, names = films(5, seed=1)
    patterns = learn_patterns(documents, facts, Gazetteer((name, e) for e, name in names.items()))
    assert not patterns.classifiers
    assert list(patterns.extract(documents)) == []
    assert not learn_patterns([], [], Gazetteer([])).classifiers


def test_patterns_read_chinese_texts():
    rng = random.Random(1)
    people = [a + b for a in "李王张刘陈杨赵黄" for b in "安明华强伟芳"]
    documents, facts = [], []
    for k in range(80):
        d, a, b = rng.sample(people, 3)
        text = f"《影片》是由{d}执导，{a}、{b}主演的电影。"
        documents.append(Document(f"item:{k}", f"f{k}", text))
        facts += [Fact(f"f{k}", "导演", d), Fact(f"f{k}", "主演", a), Fact(f"f{k}", "主演", b)]
    patterns = learn_patterns(documents[:60], facts, Gazetteer((name, name) for name in people))
    expected = {(f.subject, f.relation, f.object) for f in facts if int(f.subject[1:]) >= 60}
    assert triples(patterns.extract(documents[60:])) == expected
