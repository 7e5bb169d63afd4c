"""Where the arguments of annotated facts stand in their sentences."""

import json

import pytest

from tastegraph.core.errors import NotFoundError, RowError
from tastegraph.kg.extraction.annotated.alignment import align
from tastegraph.kg.extraction.annotated.corpus import AnnotatedSentence, Triple, read_annotated
from tastegraph.kg.extraction.annotated.forms import ArgumentForms


def located(text: str, object_: str, subject: str = "It") -> list[str]:
    """The words of a sentence that are the object of its fact."""
    (sentence,) = align([AnnotatedSentence(text, (Triple(subject, "is", object_),))])
    return [sentence.tokens.written(*run) for triple in sentence.triples for run in triple.object]


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("It was written by Terence Rattigan.", "Terence_Rattigan", "Terence Rattigan"),
        ("It stars Harry Carey.", "Harry_Carey_(actor_born_1878)", "Harry Carey"),
        ("It is in Gettysburg, Adams County.", "Gettysburg,_Pennsylvania", "Gettysburg"),
        ("It came out on 07-28-1944.", "1944-07-28", "07-28-1944"),
        ("It came out on July 28, 1944.", '"1944-07-28"', "July 28, 1944"),
        ("It runs 89 minutes.", "89.0", "89"),
        ("It covers 490.9 sq km.", "490.9 (square kilometres)", "490.9"),
        ("It has 1,777,539 people.", "1777539", "1,777,539"),
        ("It has an offset of -6.", "−6", "-6"),
        ("It is led by Ahmet Davutoglu.", "Ahmet_Davutoğlu", "Ahmet Davutoglu"),
        ("It is by Billie Oddie.", "Bill_Oddie", "Billie Oddie"),
        ("It has runway 10R/28L.", '"10R/28L"', "10R/28L"),
        ("It was made in the U.S.A.", "USA", "U.S.A."),
        ("它由李安执导。", "李安", "李安"),
    ],
)
def test_an_argument_stands_where_the_sentence_means_it(text, name, words):
    assert words in located(text, name, "它" if "它" in text else "It")


def test_what_the_sentence_does_not_name_is_not_located():
    (sentence,) = align([AnnotatedSentence("It is good.", (Triple("It", "by", "Jane Doe"),))])
    assert sentence.triples == ()
    assert sentence.unaligned == (Triple("It", "by", "Jane Doe"),)


def test_words_that_stand_for_a_name_again_and_again_are_an_alias_of_it():
    texts = ["Ann Lee is an American cook.", "Bob Fox is an American clerk.", "Cy Orr is a cook."]
    sentences = [
        AnnotatedSentence(text, (Triple(text[:7].strip(), "nationality", "United_States"),))
        for text in texts[:2]
    ]
    aligned = align([*sentences, AnnotatedSentence(texts[2], ())])
    assert [s.tokens.written(*s.triples[0].object[0]) for s in aligned[:2]] == ["American"] * 2
    assert ArgumentForms(aligned, [()] * 3).object("nationality", "American", ()) == "United_States"


def test_an_object_takes_the_form_that_its_relation_has():
    aligned = align(
        [
            AnnotatedSentence(
                f"Film {k} runs {k}1 minutes, has 1{k},000 viewers, cost 2{k} and began on "
                f"03-2{k}-1990 in hall {k}B.",
                (
                    Triple(f"Film {k}", "runtime", f"{k}1.0"),
                    Triple(f"Film {k}", "viewers", f"1{k}000"),
                    Triple(f"Film {k}", "area", f"2{k}.0 (square metres)"),
                    Triple(f"Film {k}", "start", f'"1990-03-2{k}"'),
                    Triple(f"Film {k}", "hall", f'"{k}B"'),
                ),
            )
            for k in (1, 2, 3)
        ]
    )
    forms = ArgumentForms(aligned, [()] * len(aligned))
    assert forms.object("runtime", "98", ()) == "98.0"
    assert forms.object("viewers", "2,500", ()) == "2500"
    assert forms.object("area", "71.5", ()) == "71.5 (square metres)"
    assert forms.object("start", "May 21st, 1955", ()) == '"1955-05-21"'
    assert forms.object("hall", "12C", ()) == '"12C"'


def write(path, *rows):
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_a_file_of_annotated_sentences_is_read(tmp_path):
    row = {"id": "1", "sent": "A by B.", "triples": [{"sub": "A", "rel": "by", "obj": "B"}]}
    path = write(tmp_path / "a.jsonl", row, {"sent": "None.", "triples": []})
    first, second = read_annotated(path)
    assert first == AnnotatedSentence("A by B.", (Triple("A", "by", "B"),))
    assert second.triples == ()


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"triples": []}, "sent"),
        ({"sent": "x" * 6000, "triples": []}, "sent"),
        ({"sent": "a\0b", "triples": []}, "sent"),
        ({"sent": "A.", "triples": {}}, "triples"),
        ({"sent": "A.", "triples": ["A"]}, "triples"),
        ({"sent": "A.", "triples": [{"sub": "A", "rel": "b"}]}, "triples.obj"),
        ({"sent": "A.", "triples": [{"sub": "A", "rel": "b", "obj": "x" * 10**5}]}, "triples.obj"),
        ({"sent": "A.", "triples": [{"sub": "A", "rel": "b", "obj": "C"}] * 300}, "triples"),
    ],
)
def test_a_bad_line_is_named(tmp_path, row, column):
    good = {"sent": "A by B.", "triples": []}
    with pytest.raises(RowError) as error:
        read_annotated(write(tmp_path / "a.jsonl", good, row))
    assert (error.value.line, error.value.column) == (2, column)


def test_a_missing_file_says_what_to_write(tmp_path):
    with pytest.raises(NotFoundError, match="annotated"):
        read_annotated(tmp_path / "none.jsonl")


def test_a_qualifier_that_most_subjects_of_a_relation_have_is_added():
    rows = [("Zapper", "Zapper_(comic)", "Ann Lee"), ("Blinko", "Blinko_(comic)", "Bo Day")]
    aligned = align(
        [
            AnnotatedSentence(f"{words} was drawn by {by}.", (Triple(name, "creator", by),))
            for words, name, by in rows
        ]
    )
    forms = ArgumentForms(aligned, [("creator",), ("creator",)])
    assert forms.subject("creator", "Wobble", ("creator",)) == "Wobble_(comic)"
    assert forms.subject("creator", "Zapper", ("creator",)) == "Zapper_(comic)"
    assert forms.subject("owner", "Wobble", ("creator",)) == "Wobble"
