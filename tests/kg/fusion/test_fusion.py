"""Fusion: profiles, name and value similarity, blocking, comparison, matching, duplicates."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from tastegraph.core.records import DIFFERENT_FROM, SAME_AS, Fact
from tastegraph.kg.fusion.attributes import (
    ExclusionRules,
    align_attributes,
    literal_similarity,
    parse_literal,
    values_agreement,
)
from tastegraph.kg.fusion.blocking import pairs_across, pairs_within
from tastegraph.kg.fusion.comparison import COMPARISON_FEATURES, SAME_AND_UNIQUE, compare_pairs
from tastegraph.kg.fusion.fellegi_sunter import log_odds
from tastegraph.kg.fusion.matching import (
    exclusive_probabilities,
    find_duplicates,
    match_sources,
    one_to_one_assignment,
)
from tastegraph.kg.fusion.name_similarity import NameAgreement, compare_names, name_variants
from tastegraph.kg.fusion.profiles import EntityProfile, entity_profiles

FIRST = [
    "Ada",
    "Boris",
    "Carla",
    "Dmitri",
    "Elena",
    "Felix",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Klara",
    "Leon",
]
LAST = [
    "Abbott",
    "Bergman",
    "Castillo",
    "Dvorak",
    "Eriksen",
    "Fontaine",
    "Gallagher",
    "Hoffmann",
    "Ivanov",
    "Jansen",
]


def _people(prefix: str) -> list[EntityProfile]:
    return [
        EntityProfile(
            f"{prefix}{k}", (f"{first} {last}",), frozenset({"person"}),
            {"born": (str(1900 + k),)},
        )
        for k, (first, last) in enumerate(itertools.product(FIRST, LAST))
    ]  # fmt: skip


def test_profiles_from_facts():
    profiles = entity_profiles(
        [
            Fact("q1", "label", "Second", literal=True),
            Fact("q1", "prefLabel", "First", literal=True),
            Fact("q1", "type", "film"),
            Fact("q1", "year", "1999", literal=True),
            Fact("q1", "director", "http://x.org/Jane_Doe"),
            Fact("q1", DIFFERENT_FROM, "q2"),
            Fact("q1", SAME_AS, "q3"),
        ],
        ["prefLabel", "label"],
    )
    by_id = {profile.id: profile for profile in profiles}
    assert set(by_id) == {"q1", "q2", "q3", "http://x.org/Jane_Doe"}
    assert by_id["q1"].names == ("First", "Second")
    assert by_id["q1"].types == {"film"}
    assert by_id["q1"].attributes == {"year": ("1999",)}
    assert by_id["q1"].neighbours == {"director": {"http://x.org/Jane_Doe"}}
    assert by_id["q1"].different == {"q2"}
    assert by_id["q2"].different == {"q1"}
    jane = by_id["http://x.org/Jane_Doe"]
    assert jane.names == ("Jane Doe",)
    assert jane.neighbours == {"^director": {"q1"}}


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("Léa Seydoux", "lea seydoux", NameAgreement.SAME),
        ("Crash (1996 film)", "Crash", NameAgreement.VARIANT),
        ("Dali, Salvador", "Salvador Dalí", NameAgreement.VARIANT),
        ("Bob Ray as Robert Ray", "Robert Ray", NameAgreement.VARIANT),
        ("Felix E. Feist", "Felix Feist", NameAgreement.INITIALS),
        ("J. Smith", "John Smith", NameAgreement.INITIALS),
        ("J. R. R. Tolkien", "John Ronald Reuel Tolkien", NameAgreement.INITIALS),
        ("Mary Louise Parker", "Mary Parker", NameAgreement.DROPPED),
        ("Scarlett Johansson", "Scarlet Johansson", NameAgreement.TYPO),
        ("Toy Story 2", "Toy Story 3", NameAgreement.DISTINCT),
        ("Die Hard Two", "Die Hard 2", NameAgreement.VARIANT),
        ("World War II", "World War Two", NameAgreement.VARIANT),
        ("The First Man", "The Second Man", NameAgreement.OTHER),
        ("Crash (1996 film)", "Crash (2004 film)", NameAgreement.OTHER),
        ("J. Smith", "Kate Smith", NameAgreement.OTHER),
        ("Harvey Weinstein", "Bob Weinstein", NameAgreement.OTHER),
    ],
)
def test_name_agreement(left, right, expected):
    assert compare_names([left], [right]).agreement is expected
    assert compare_names([right], [left]).agreement is expected


@given(st.text(max_size=40), st.text(max_size=40))
def test_name_comparison_is_symmetric_and_bounded(left, right):
    comparison = compare_names([left], [right])
    assert comparison == compare_names([right], [left])
    assert all(0 <= similarity <= 1 for similarity in comparison[1:])
    if name_variants(left):
        assert compare_names([left], [left]).agreement is NameAgreement.SAME


def test_hostile_names_are_cut():
    assert (
        compare_names(["a as b, (" * 50_000], ["(" * 50_000 + "b"]).agreement is NameAgreement.OTHER
    )


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("1984-01-01", "1984-07-12", 1.0),
        ("1984-07-13", "1984-07-12", 0.5),
        ("1984", "1985-03-01", 0.5),
        ("1984", "1994", 0.0),
        ("4", "4.0", 1.0),
        ("100", "97", 0.5),
        ("4", "5", 0.0),
        ("Sci-Fi", "sci fi", 1.0),
        ("drama", "", 0.0),
    ],
)
def test_literal_similarity(left, right, expected):
    assert literal_similarity(parse_literal(left), parse_literal(right)) == expected
    assert literal_similarity(parse_literal(right), parse_literal(left)) == expected


def test_values_agreement_is_the_share_of_the_smaller_set():
    assert values_agreement(["1950"], ["1950", "1990"]) == 1
    assert values_agreement(["1950", "1990", "2001"], ["1950", "1970"]) == 0.5


def test_blocking_compares_only_common_types_and_each_pair_once():
    people = _people("a")
    titles = [EntityProfile("t", ("Ada Abbott",), frozenset({"title"}))]
    pairs = pairs_across(people, titles + _people("b"))
    assert (pairs[:, 1] != 0).all()
    assert len({tuple(pair) for pair in pairs.tolist()}) == len(pairs)
    assert {(k, k + 1) for k in range(len(people))} <= {tuple(p) for p in pairs.tolist()}
    inside = pairs_within(people)
    assert (inside[:, 0] < inside[:, 1]).all()


def test_attributes_are_aligned_by_their_values():
    left = _people("a")
    right = [
        EntityProfile(
            p.id, p.names, p.types, {"alive": ("yes",), "birthDate": p.attributes["born"]}
        )
        for p in _people("b")
    ]
    assert align_attributes(left, right) == [("born", "birthDate")]
    assert align_attributes(left, left[:3]) == []


def test_comparison_counts_namesakes_and_shared_surroundings():
    film = {"^starring": frozenset({"f1", "f2"})}
    source = [
        EntityProfile("1", ("Ann Lee",), neighbours=film),
        EntityProfile("2", ("Ann Lee",), neighbours=film),
        EntityProfile("3", ("Ben Ode",), neighbours={"^starring": frozenset({"f3"})}),
        EntityProfile("4", ("Ben Odd",)),
    ]
    pairs = np.array([[0, 1], [0, 2], [2, 3]], dtype=np.int32)
    comparison = compare_pairs(source, source, pairs, [])
    assert comparison.levels.tolist() == [[SAME_AND_UNIQUE, 4], [0, 0], [NameAgreement.TYPO, -1]]
    assert comparison.features.shape == (3, len(COMPARISON_FEATURES))
    assert comparison.features[0, 6] == pytest.approx(1)
    assert np.isnan(comparison.features[2, 6])


def test_common_words_distinguish_names_and_typos_do_not():
    prizes = [
        f"{who} of the year {year}" for who in ("actor", "actress") for year in range(1950, 1960)
    ]
    source = [
        EntityProfile(str(k), (name,)) for k, name in enumerate([*prizes, "actr of the year 1950"])
    ]
    pairs = np.array([[0, 10], [0, 20]], dtype=np.int32)
    assert compare_pairs(source, source, pairs, []).levels[:, 0].tolist() == [
        NameAgreement.DISTINCT,
        NameAgreement.TYPO,
    ]


def test_ids_of_two_sources_may_be_the_same():
    matches = match_sources(_people("p"), list(reversed(_people("p"))))
    assert {(m.left, m.right) for m in matches if m.accepted} == {
        (f"p{k}", f"p{k}") for k in range(len(FIRST) * len(LAST))
    }


def test_equal_alternatives_share_a_probability():
    pairs = np.array([[0, 0], [0, 1], [1, 2]], dtype=np.int32)
    odds = np.log([3.0, 3.0, 3.0])
    assert exclusive_probabilities(odds, pairs) == pytest.approx([3 / 7, 3 / 7, 3 / 4])


def test_assignment_has_the_highest_total():
    pairs = np.array([[0, 0], [0, 1], [1, 0], [2, 2]], dtype=np.int32)
    assert one_to_one_assignment(pairs, np.array([0.9, 0.8, 0.8, 0.1])).tolist() == [1, 2, 3]
    assert one_to_one_assignment(pairs[:0], np.zeros(0)).tolist() == []


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20), st.randoms())
def test_assignment_never_uses_an_entity_twice(pairs, random):
    rows = np.array(sorted(pairs), dtype=np.int32).reshape(-1, 2)
    probability = np.array([random.random() for _ in rows])
    assigned = rows[one_to_one_assignment(rows, probability)]
    lefts, rights = set(assigned[:, 0].tolist()), set(assigned[:, 1].tolist())
    assert len(lefts) == len(rights) == len(assigned)


def test_em_separates_matches_without_labels():
    rng = np.random.default_rng(3)
    same = rng.random(4000) < 0.1
    names = np.where(same, rng.choice([3, 8], 4000), rng.choice([0, 0, 0, 1, 8], 4000))
    facts = np.where(same, rng.choice([3, 4], 4000), rng.choice([0, 0, 1], 4000))
    levels = np.column_stack([names, facts]).astype(np.int8)
    assert ((expit(log_odds(levels)) > 0.5) == same).all()


def test_dates_and_identifiers_exclude_matches():
    people = [
        EntityProfile(f"p{k}", (name,), attributes={"born": (str(1900 + k),), "imdb": (f"nm{k}",)})
        for k, name in enumerate(FIRST + LAST)
    ]
    rules = ExclusionRules(people)
    assert rules.exclude(people[0], people[5])
    assert not rules.exclude(
        people[0], EntityProfile("x", ("Ada",), attributes={"born": ("1900",)})
    )
    assert not rules.exclude(people[0], EntityProfile("x", ("Ada",)))
    assert rules.exclude(people[0], EntityProfile("x", ("Ada",), attributes={"imdb": ("nm7",)}))
    assert rules.exclude(
        EntityProfile("x", ("Ada",)), EntityProfile("y", ("Ada",), different=frozenset({"x"}))
    )


def _films(seed: int) -> list[EntityProfile]:
    rng = np.random.default_rng(seed)
    return [
        EntityProfile(p.id, p.names, neighbours={"^starring": frozenset(
            f"film{k}" for k in rng.choice(300, 5, replace=False)
        )})
        for p in _people("e")
    ]  # fmt: skip


def test_duplicates_are_merged_and_namesakes_are_not():
    world = _films(1)
    copies = [
        EntityProfile(
            f"copy{k}", (f"{p.names[0][0]}. {p.names[0].split()[1]}",), neighbours=p.neighbours
        )
        for k, p in enumerate(world[:30])
    ]
    namesakes = [
        EntityProfile(
            f"namesake{k}", p.names, neighbours={"^starring": frozenset({f"film{300 + k}"})}
        )
        for k, p in enumerate(world[30:60])
    ]
    matches = find_duplicates(world + copies + namesakes)
    accepted = {frozenset((m.left, m.right)) for m in matches if m.accepted}
    assert accepted == {frozenset((f"copy{k}", f"e{k}")) for k in range(30)}
    assert find_duplicates(world + copies + namesakes) == matches
    assert all(0.1 <= m.probability < 0.9 for m in matches if not m.accepted)


def test_no_entities_no_matches():
    assert match_sources([], []) == []
    assert match_sources(_people("a"), []) == []
    assert find_duplicates([]) == []
    different = [
        EntityProfile("x", ("Ada Abbott",), different=frozenset({"y"})),
        EntityProfile("y", ("Ada Abbott",)),
    ]
    assert find_duplicates(different) == []
