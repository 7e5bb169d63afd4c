"""The scores of Text2KGBench, against values computed by hand and by its own program."""

import os
from pathlib import Path

import pytest
from benchmarks.knowledge.text2kg import domains, published
from benchmarks.knowledge.text2kg_scores import Ontology, mean_scores, sentence_scores

from tastegraph.kg.extraction.annotated.corpus import Triple

MONUMENT = Ontology(
    ("Monument", "Place"),
    ("location", "established", "category", "country", "designer", "dedicatedTo", "material",
     "leaderTitle", "nativeName", "language", "hasToItsNorth"),
)  # fmt: skip


def test_a_relation_that_gold_lacks_counts_in_the_strict_score_alone():
    gold = [Triple("A_Film", "director", "Jo_Roe"), Triple("A_Film", "runtime", "89.0")]
    extracted = [Triple("a film", "director", "jo roe"), Triple("A Film", "writer", "Jo Roe")]
    scores = sentence_scores(
        "A Film by Jo Roe runs 89 minutes.", gold, extracted, Ontology((), ("director", "runtime"))
    )
    # official: 1 of 1 extracted, 1 of 2 gold; strict: 1 of 2, 1 of 2
    assert (scores["precision"], scores["recall"]) == (1.0, 0.5)
    assert scores["f1"] == pytest.approx(2 / 3)
    assert scores["strict_precision"] == scores["strict_recall"] == scores["strict_f1"] == 0.5
    assert scores["conformance"] == scores["relation_hallucination"] == 0.5
    assert scores["subject_hallucination"] == scores["object_hallucination"] == 0.0


def test_nothing_extracted_scores_nothing_and_hallucinates_nothing():
    scores = sentence_scores("A.", [Triple("A", "b", "C")], [], Ontology((), ("b",)))
    assert scores["f1"] == scores["strict_f1"] == 0.0
    assert scores["conformance"] == 1.0
    assert scores["object_hallucination"] == scores["relation_hallucination"] == 0.0


# Responses of Vicuna-13B that the benchmark's repository scored; the expected values are its own.
def test_scores_are_those_that_the_benchmark_printed_for_a_partly_right_answer():
    sent = (
        "Huseyin Butuner and Hilmi Guner designed the Baku Turkish Martyrs memorial which is "
        "located in Azerbaijan. The official title of the leader of that country is the Prime "
        "Minister of Azerbaijan."
    )
    memorial = "Baku_Turkish_Martyrs'_Memorial"
    gold = [
        Triple("Azerbaijan", "leaderTitle", "Prime_Minister_of_Azerbaijan"),
        Triple(memorial, "location", "Azerbaijan"),
        Triple(memorial, "designer", '"Hüseyin Bütüner and Hilmi Güner"'),
    ]
    extracted = [
        Triple("Azerbaijan", "leaderTitle", "Prime Minister of Azerbaijan"),
        Triple("Baku Turkish Martyrs memorial", "location", "Azerbaijan"),
        Triple("Baku Turkish Martyrs memorial", "designer", "Huseyin Butuner"),
        Triple("Baku Turkish Martyrs memorial", "designer", "Hilmi Guner"),
    ]
    scores = sentence_scores(sent, gold, extracted, MONUMENT)
    assert scores["precision"] == 0.25
    assert scores["recall"] == pytest.approx(0.3333333333333333)
    assert scores["f1"] == pytest.approx(0.28571428571428575)
    assert scores["conformance"] == 1.0
    assert scores["subject_hallucination"] == scores["object_hallucination"] == 0.0


@pytest.mark.parametrize(
    ("sent", "extracted", "subject", "object_", "conformance"),
    [
        (
            "Huseyin Butuner and Hilmi Guner designed the Baku Turkish Martyrs memorial in red "
            "granite and white marble. It is dedicated to the soldiers of the Ottoman army who "
            "died in the battle of Baku.",
            [("Baku Turkish Martyrs memorial", "designer", "Huseyin Butuner"),
             ("Baku Turkish Martyrs memorial", "dedicatedTo", "soldiers of the Ottoman army"),
             ("Turkey", "language", "Turkish")],
            0.3333333333333333, 0.0, 1.0,
        ),
        (
            "Huseyin Butuner and Hilmi Guner designed the Baku Turkish Martyrs memorial from red "
            "granite and white marble. The native name for this memorial is Turk Sehitleri Aniti.",
            [("Baku Turkish Martyrs memorial", "designer", "Huseyin Butuner and Hilmi Guner"),
             ("Baku Turkish Martyrs memorial", "location", "Azerbaijan"),
             ("Baku Turkish Martyrs memorial", "nativeName", "Turk Sehitleri Aniti"),
             ("Monument", "hasToItsNorth", "Place")],
            0.25, 0.25, 1.0,
        ),
        (
            "The Baku Turkish Martyrs memorial is made of red granite and white marble and can be "
            "found in Azerbaijan. It is also known as Turk Sehitleri Aniti.",
            [("Baku Turkish Martyrs memorial", "location", "Azerbaijan"),
             ("Baku Turkish Martyrs memorial", "material", "Red Granite"),
             ("Baku Turkish Martyrs memorial", "material", "White Marble"),
             ("Baku Turkish Martyrs memorial", "name", "Turk Sehitleri Aniti")],
            0.0, 0.0, 0.75,
        ),
    ],
)  # fmt: skip
def test_hallucinations_are_those_that_the_benchmark_printed(
    sent, extracted, subject, object_, conformance
):
    triples = [Triple(*triple) for triple in extracted]
    scores = sentence_scores(sent, [Triple("A", "b", "C")], triples, MONUMENT)
    assert scores["subject_hallucination"] == pytest.approx(subject)
    assert scores["object_hallucination"] == pytest.approx(object_)
    assert scores["conformance"] == conformance


def test_means_are_over_sentences():
    one = sentence_scores("A b C.", [Triple("A", "b", "C")], [Triple("A", "b", "C")], MONUMENT)
    none = sentence_scores("A b C.", [Triple("A", "b", "C")], [], MONUMENT)
    assert mean_scores([one, none])["f1"] == 0.5
    assert mean_scores([one, none])["conformance"] == 0.5


def test_the_published_files_have_nineteen_ontologies_whose_gold_facts_score_one():
    root = os.environ.get("TASTEGRAPH_DATA")
    if root is None or not (Path(root) / "text2kg").is_dir():
        pytest.skip("TASTEGRAPH_DATA names no folder with text2kg")
    every = domains(Path(root))
    assert len(every) == 19
    assert sum(len(domain.train) for domain in every) == 2846
    assert sum(len(domain.test) for domain in every) == 2014
    for domain in every:
        sentence = domain.test[0]
        scores = sentence_scores(sentence.text, sentence.triples, sentence.triples, domain.ontology)
        assert scores["f1"] == scores["strict_f1"] == scores["conformance"] == 1.0
    vicuna = published(Path(root), "Vicuna-13B")
    assert len(vicuna["ontologies"]) == 19
    assert vicuna["ontologies"]["film"]["f1"] == 0.20
    assert vicuna["mean"]["f1"] == pytest.approx(0.30, abs=0.006)
