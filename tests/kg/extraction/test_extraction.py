"""Names found in texts, and facts read from them by patterns learned from others."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core.errors import NotFoundError
from tastegraph.core.records import LABEL, Fact
from tastegraph.kg.extraction.candidates import coordinating, cues, gaps, named, numbers
from tastegraph.kg.extraction.documents import Document
from tastegraph.kg.extraction.folding import CLOSE, OPEN, fold, fold_names
from tastegraph.kg.extraction.gazetteer import LEFT_OUT, SHORTENED, UNSURE, Gazetteer
from tastegraph.kg.extraction.patterns import EXTRACTOR, learn
from tastegraph.kg.extraction.segmentation import (
    Orthography,
    Sentences,
    capitalised_runs,
    learn_orthography,
)
from tastegraph.kg.names import normalised
from tests.support.limits import within


def words(text, found):
    return [text[one.start : one.end] for one in found]


def mentions(text, *names):
    return Gazetteer((name, f"e{k}") for k, name in enumerate(names)).find(text)


# Folding.


def test_words_stand_between_marks_and_chinese_characters_bare():
    folded = fold("由Ang  LÉE执导")
    assert folded.text == f"由{OPEN}ang{CLOSE} {OPEN}lee{CLOSE}执导"
    start = folded.text.index(f"{OPEN}lee")
    assert folded.span(start, start + 5) == (6, 9)


@given(st.text())
def test_folding_agrees_with_normalising(text):
    folded = fold("".join(normalised(text)))
    plain = folded.text.replace(OPEN, "").replace(CLOSE, "")
    assert plain == normalised(text)
    assert len(folded.starts) == len(folded.text)


@given(st.lists(st.text().map(normalised), min_size=1))
def test_many_names_fold_as_one_by_one(keys):
    assert fold_names(keys) == [fold(key).text for key in keys]


# Sentences.


def test_sentences_end_in_english_and_chinese_but_not_at_an_initial():
    text = "Directed by F. Feist and R. Downey Jr. It stars Spike Lee. Good! 他好。她好！"
    found = Sentences(text)
    parts = [text[a:b].strip() for a, b in zip(found.starts, found.ends, strict=True)]
    first, *rest = parts
    assert first == "Directed by F. Feist and R. Downey Jr. It stars Spike Lee."
    assert rest == ["Good!", "他好。", "她好！"]
    assert found.at(text.index("Good")) == 1
    assert found.opened_by(text.index("Good"))
    assert not found.opened_by(text.index("Spike"))


@given(st.text(alphabet=" .!?\n。aB", max_size=80))
def test_sentences_are_all_of_the_text(text):
    found = Sentences(text)
    assert found.starts[0] == 0
    assert found.ends[-1] == len(text)
    assert found.starts == sorted(set(found.starts))


# Mentions.


def test_the_longest_name_is_found_and_only_whole_words():
    text = "James Deanery met James Dean and James."
    assert words(text, mentions(text, "James", "James Dean", "Dean")) == [
        "James",
        "James Dean",
        "James",
    ]


def test_what_the_name_capitalises_the_text_capitalises_too():
    text = "We saw a crash in Crash, a drama. It is up to the Up crew."
    assert words(text, mentions(text, "Crash", "Up", "drama")) == ["Crash", "drama", "Up"]


def test_one_word_that_opens_a_sentence_is_unsure():
    found = mentions("Up is a film. He saw Up twice.", "Up")
    assert [one.score for one in found] == [UNSURE, 1.0]


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
    found = Gazetteer([("李安", "lee"), ("Ang Lee", "lee"), ("卧虎藏龙", "film")]).find(text)
    assert words(text, found) == ["卧虎藏龙", "李安", "Ang Lee"]
    assert [one.entities for one in found] == [("film",), ("lee",), ("lee",)]


def test_one_name_of_several_entities_gives_all_of_them():
    found = Gazetteer([("John Ford", "a"), ("john ford", "b"), ("John Ford", "a")]).find(
        "John Ford"
    )
    assert found[0].entities == ("a", "b")


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("F. Feist", SHORTENED),
        ("Felix Feist", LEFT_OUT),
        ("F. E. Feist", SHORTENED),
        ("Felix E. Fiest", 1 - 1 / len("felix e feist")),
    ],
)
def test_a_typo_and_initials(text, score):
    found = mentions(f"It is by {text}, they say.", "Felix E. Feist")
    assert words(f"It is by {text}, they say.", found) == [text]
    assert found[0].score == pytest.approx(score)


@pytest.mark.parametrize(
    "text", ["Felix Beist Feist", "G. Feist", "Felix", "felix feist", "Feliks Faist"]
)
def test_what_is_no_near_mention(text):
    assert mentions(f"by {text}.", "Felix E. Feist") == []


def test_a_tie_of_near_names_is_no_mention():
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
    found = Gazetteer((name, name) for name in names).find(text)
    for one in found:
        if one.score in (1.0, UNSURE):
            assert normalised(text[one.start : one.end]) in map(normalised, one.entities)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))


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
def test_no_text_takes_long(text):
    gazetteer = Gazetteer([("a", "1"), ("aa", "2"), ("Ab Ab", "3"), ("阿", "4"), ("A. A", "5")])
    with within(8):
        sentences = Sentences(text)
        found = named(text, sentences, gazetteer, Orthography())
        cues(text, sentences, found[:2000], ())


def test_many_aliases_of_one_entity_and_many_near_names():
    rng = random.Random(1)
    names = ["".join(rng.choices("bcdfgaeiou", k=8)).title() for _ in range(20_000)]
    gazetteer = Gazetteer((f"John {name}", "one") for name in names)
    text = " and ".join(f"John {name[:-1]}x" for name in names[:400]) + f" by John {names[7]}."
    with within(3):
        found = gazetteer.find(text)
    assert found[-1].entities == ("one",)
    assert found[-1].score == 1.0


# Candidates.


def test_runs_hold_particles_initials_and_hyphens_but_no_possessive():
    text = "It stars Max von Sydow, Jean-Luc Godard's wife and J. R. Ewing of Dallas."
    found = capitalised_runs(text, Sentences(text), {"von"})
    assert [text[a:b] for a, b in found] == [
        "It", "Max von Sydow", "Jean-Luc Godard", "J. R. Ewing", "Dallas",
    ]  # fmt: skip


def test_a_known_name_parts_a_run_and_one_word_does_not():
    text = "Actor Tom Hanks met Denzel Washington. Later Hanks left."
    gazetteer = Gazetteer([("Tom Hanks", "t"), ("Denzel", "d")])
    found = named(text, Sentences(text), gazetteer, Orthography(ordinary=frozenset({"later"})))
    assert words(text, found) == ["Tom Hanks", "Denzel Washington", "Hanks"]
    assert [(one.name, one.entities) for one in found] == [
        ("Tom Hanks", ("t",)), ("Denzel Washington", ()), ("Tom Hanks", ("t",)),
    ]  # fmt: skip


def test_numbers():
    assert [one.name for one in numbers("a 1996 film of 1,200.5 minutes, 7.")] == [
        "1996",
        "1,200.5",
        "7",
    ]


def test_particles_and_ordinary_words_are_counted():
    text = "The film stars Max von Sydow and Bo Ek. Later the film by Ek and Max von Sydow. "
    spans = [
        (k, k + len("Max von Sydow")) for k in range(len(text)) if text.startswith("Max von", k)
    ]
    found = learn_orthography(
        [text * 2], [spans + [(len(text) + a, len(text) + b) for a, b in spans]]
    )
    assert found.particles == {"von"}
    assert "the" in found.ordinary
    assert "later" not in found.ordinary
    assert "max" not in found.ordinary


# Cues.


def test_a_list_is_led_to_by_what_stands_before_it():
    text = "It is directed by A Bo and stars C Do, E Fo and G Ho as I."
    sentences = Sentences(text)
    found = named(text, sentences, Gazetteer([]), Orthography(ordinary=frozenset({"it"})))
    assert [gap for gap, _ in gaps(text, sentences, found)][1:4] == [
        ("and", "stars"),
        (",",),
        ("and",),
    ]
    told = cues(text, sentences, found, {(",",), ("and",)})
    assert "cue directed by" in told[0]
    assert "cue stars" not in told[0]
    assert all("cue is and stars" in features for features in told[1:4])
    assert "listed 2 of 2" in told[3]
    assert "after as" in told[3]


def test_what_goes_on_a_list_is_counted():
    gap = [(), (",",), ("and",), ("as",)]
    assert coordinating([(gap, [True, True, True, False])] * 5) == {(",",), ("and",)}
    assert coordinating([(gap, [True, True, True, False])] * 4) == frozenset()


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
        facts += [Fact(subject, "starring", f"id {one}") for one in (a, b, c)]
        facts.append(Fact(subject, "year", year, literal=True))
        names |= {f"id {one}": one for one in (d, a, b, c)}
    return documents, facts, names


@pytest.fixture(scope="module")
def learned():
    documents, facts, names = films(120, seed=1)
    return learn(documents, facts, Gazetteer((name, entity) for entity, name in names.items()))


def told(facts):
    return {(fact.subject, fact.relation, fact.object) for fact in facts if fact.relation != LABEL}


def test_what_was_learned_reads_other_texts(learned):
    documents, facts, _ = films(60, seed=2)
    found, known = told(learned.extract(documents)), told(facts)
    assert len(found & known) / len(found) > 0.95
    assert len(found & known) / len(known) > 0.95


def test_spans_are_the_words_and_confidence_is_a_probability(learned):
    documents, _, _ = films(5, seed=3)
    texts = {document.id: document.text for document in documents}
    found = list(learned.extract(documents))
    assert {fact.subject for fact in found} == {document.subject for document in documents}
    for fact in found:
        assert fact.span is not None
        assert fact.span.extractor == EXTRACTOR
        assert texts[fact.span.document][fact.span.start : fact.span.end] in fact.object
        assert 0 < fact.confidence <= 1
        assert fact.literal == (fact.relation == "year")


def test_who_is_not_known_gets_an_id_and_one_label(learned):
    text = SENTENCES[0].format(title="X", year=1999, d="Zoë Zane", a="Bo West", b="Ux", c="Yul Ox")
    documents = [Document("item:x", "x", text), Document("item:y", "y", text)]
    found = list(learned.extract(documents))
    directed = [fact for fact in found if fact.relation == "director"]
    labels = [fact for fact in found if fact.relation == LABEL]
    assert [(f.subject, f.object) for f in directed] == [
        ("x", "name:zoe zane"),
        ("y", "name:zoe zane"),
    ]
    assert ("name:zoe zane", "Zoë Zane") in [(f.subject, f.object) for f in labels]
    assert len(labels) == len({f.subject for f in labels})


def test_a_closed_gazetteer_gives_known_entities_alone():
    documents, facts, names = films(60, seed=1)
    gazetteer = Gazetteer((name, entity) for entity, name in names.items())
    patterns = learn(documents, facts, gazetteer, closed=True)
    star = min(names.values())
    text = SENTENCES[0].format(
        title="X", year=1999, d="Zoë Zane", a="Yul Young", b=star, c="Ux Uno"
    )
    found = told(patterns.extract([Document("item:x", "x", text)]))
    assert ("x", "starring", f"id {star}") in found
    assert {obj for _, relation, obj in found if relation != "year"} <= set(names)


def test_the_strongest_cues_can_be_read(learned):
    (first, most), *rest = learned.strongest("director", 5)
    assert any("directed" in cue for cue, _ in [(first, most), *rest])
    assert all(0 < weight <= most for _, weight in rest)
    with pytest.raises(NotFoundError, match="no patterns of 'editor': learned were"):
        learned.strongest("editor")


@pytest.mark.slow
def test_learning_is_the_same_each_time(learned):
    documents, facts, names = films(120, seed=1)
    again = learn(documents, facts, Gazetteer((name, entity) for entity, name in names.items()))
    more, _, _ = films(10, seed=4)
    assert list(again.extract(more)) == list(learned.extract(more))
    assert again.strongest("starring", 5) == learned.strongest("starring", 5)


def test_from_too_little_nothing_is_learned():
    documents, facts, names = films(5, seed=1)
    patterns = learn(documents, facts, Gazetteer((name, e) for e, name in names.items()))
    assert not patterns.relations
    assert list(patterns.extract(documents)) == []
    assert not learn([], [], Gazetteer([])).relations


def test_chinese_texts_are_read_by_known_names():
    rng = random.Random(1)
    people = [a + b for a in "李王张刘陈杨赵黄" for b in "安明华强伟芳"]
    documents, facts = [], []
    for k in range(80):
        d, a, b = rng.sample(people, 3)
        text = f"《影片》是由{d}执导，{a}、{b}主演的电影。"
        documents.append(Document(f"item:{k}", f"f{k}", text))
        facts += [Fact(f"f{k}", "导演", d), Fact(f"f{k}", "主演", a), Fact(f"f{k}", "主演", b)]
    patterns = learn(documents[:60], facts, Gazetteer((name, name) for name in people))
    wanted = {(f.subject, f.relation, f.object) for f in facts if int(f.subject[1:]) >= 60}
    assert told(patterns.extract(documents[60:])) == wanted
