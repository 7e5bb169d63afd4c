"""Fusion: what is compared, what it says, and what is merged."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core.records import DIFFERENT_FROM, SAME_AS, Fact
from tastegraph.kg.fusion import attributes, blocking
from tastegraph.kg.fusion.attributes import Exclusion, agreement, likeness, read
from tastegraph.kg.fusion.comparison import NAMES, SAME_AND_UNIQUE, compare
from tastegraph.kg.fusion.fellegi_sunter import log_odds, sigmoid
from tastegraph.kg.fusion.matching import duplicates, exclusive, fuse, one_to_one
from tastegraph.kg.fusion.name_similarity import Agreement, compared, variants
from tastegraph.kg.fusion.profiles import Profile, profiles
from tastegraph.kg.fusion.supervised import LabelsError

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


def _people(prefix: str) -> list[Profile]:
    return [
        Profile(
            f"{prefix}{k}", (f"{first} {last}",), frozenset({"person"}),
            {"born": (str(1900 + k),)},
        )
        for k, (first, last) in enumerate(itertools.product(FIRST, LAST))
    ]  # fmt: skip


def test_profiles_from_facts():
    found = profiles(
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
    by_id = {profile.id: profile for profile in found}
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
    ("one", "other", "expected"),
    [
        ("Léa Seydoux", "lea seydoux", Agreement.SAME),
        ("Crash (1996 film)", "Crash", Agreement.VARIANT),
        ("Dali, Salvador", "Salvador Dalí", Agreement.VARIANT),
        ("Bob Ray as Robert Ray", "Robert Ray", Agreement.VARIANT),
        ("Felix E. Feist", "Felix Feist", Agreement.INITIALS),
        ("J. Smith", "John Smith", Agreement.INITIALS),
        ("J. R. R. Tolkien", "John Ronald Reuel Tolkien", Agreement.INITIALS),
        ("Mary Louise Parker", "Mary Parker", Agreement.DROPPED),
        ("Scarlett Johansson", "Scarlet Johansson", Agreement.TYPO),
        ("Toy Story 2", "Toy Story 3", Agreement.DISTINCT),
        ("Die Hard Two", "Die Hard 2", Agreement.VARIANT),
        ("World War II", "World War Two", Agreement.VARIANT),
        ("The First Man", "The Second Man", Agreement.OTHER),
        ("Crash (1996 film)", "Crash (2004 film)", Agreement.OTHER),
        ("J. Smith", "Kate Smith", Agreement.OTHER),
        ("Harvey Weinstein", "Bob Weinstein", Agreement.OTHER),
    ],
)
def test_wording(one, other, expected):
    assert compared([one], [other]).agreement is expected
    assert compared([other], [one]).agreement is expected


@given(st.text(max_size=40), st.text(max_size=40))
def test_wording_is_symmetric_and_bounded(one, other):
    found = compared([one], [other])
    assert found == compared([other], [one])
    assert all(0 <= likeness_ <= 1 for likeness_ in found[1:])
    if variants(one):
        assert compared([one], [one]).agreement is Agreement.SAME


def test_hostile_names_are_cut():
    assert compared(["a as b, (" * 50_000], ["(" * 50_000 + "b"]).agreement is Agreement.OTHER


@pytest.mark.parametrize(
    ("one", "other", "expected"),
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
def test_likeness_of_values(one, other, expected):
    assert likeness(read(one), read(other)) == expected
    assert likeness(read(other), read(one)) == expected


def test_agreement_is_the_part_of_the_smaller_set():
    assert agreement(["1950"], ["1950", "1990"]) == 1
    assert agreement(["1950", "1990", "2001"], ["1950", "1970"]) == 0.5


def test_blocking_compares_only_common_types_and_each_pair_once():
    people = _people("a")
    titles = [Profile("t", ("Ada Abbott",), frozenset({"title"}))]
    pairs = blocking.across(people, titles + _people("b"))
    assert (pairs[:, 1] != 0).all()
    assert len({tuple(pair) for pair in pairs.tolist()}) == len(pairs)
    assert {(k, k + 1) for k in range(len(people))} <= {tuple(p) for p in pairs.tolist()}
    inside = blocking.within(people)
    assert (inside[:, 0] < inside[:, 1]).all()


def test_attributes_are_aligned_by_their_values():
    left = _people("a")
    right = [
        Profile(p.id, p.names, p.types, {"alive": ("yes",), "birthDate": p.attributes["born"]})
        for p in _people("b")
    ]
    assert attributes.aligned(left, right) == [("born", "birthDate")]
    assert attributes.aligned(left, left[:3]) == []


def test_compare_counts_namesakes_and_what_surrounds():
    film = {"^starring": frozenset({"f1", "f2"})}
    one = Profile("1", ("Ann Lee",), neighbours=film)
    two = Profile("2", ("Ann Lee",), neighbours=film)
    far = Profile("3", ("Ben Ode",), neighbours={"^starring": frozenset({"f3"})})
    bare = Profile("4", ("Ben Odd",))
    source = [one, two, far, bare]
    pairs = np.array([[0, 1], [0, 2], [2, 3]], dtype=np.int32)
    found = compare(source, source, pairs, [])
    assert found.levels.tolist() == [[SAME_AND_UNIQUE, 4], [0, 0], [Agreement.TYPO, -1]]
    assert found.features.shape == (3, len(NAMES))
    assert found.features[0, 6] == pytest.approx(1)
    assert np.isnan(found.features[2, 6])


def test_words_in_use_tell_apart_and_slips_do_not():
    prizes = [
        f"{who} of the year {year}" for who in ("actor", "actress") for year in range(1950, 1960)
    ]
    source = [Profile(str(k), (name,)) for k, name in enumerate([*prizes, "actr of the year 1950"])]
    pairs = np.array([[0, 10], [0, 20]], dtype=np.int32)
    assert compare(source, source, pairs, []).levels[:, 0].tolist() == [
        Agreement.DISTINCT,
        Agreement.TYPO,
    ]


def test_ids_of_two_sources_may_be_the_same():
    found = fuse(_people("p"), list(reversed(_people("p"))))
    assert {(m.left, m.right) for m in found if m.accepted} == {
        (f"p{k}", f"p{k}") for k in range(len(FIRST) * len(LAST))
    }


def test_equal_rivals_share_a_probability():
    pairs = np.array([[0, 0], [0, 1], [1, 2]], dtype=np.int32)
    odds = np.log([3.0, 3.0, 3.0])
    assert exclusive(odds, pairs) == pytest.approx([3 / 7, 3 / 7, 3 / 4])
    assert sigmoid(np.array([0.0, -1000.0, 1000.0])).tolist() == [0.5, 0.0, 1.0]


def test_one_to_one_takes_the_best_total():
    pairs = np.array([[0, 0], [0, 1], [1, 0], [2, 2]], dtype=np.int32)
    assert one_to_one(pairs, np.array([0.9, 0.8, 0.8, 0.1])).tolist() == [1, 2, 3]
    assert one_to_one(pairs[:0], np.zeros(0)).tolist() == []


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20), st.randoms())
def test_one_to_one_never_takes_an_entity_twice(pairs, random):
    rows = np.array(sorted(pairs), dtype=np.int32).reshape(-1, 2)
    probability = np.array([random.random() for _ in rows])
    taken = rows[one_to_one(rows, probability)]
    assert len(set(taken[:, 0].tolist())) == len(set(taken[:, 1].tolist())) == len(taken)


def test_em_finds_the_same_without_labels():
    rng = np.random.default_rng(3)
    same = rng.random(4000) < 0.1
    names = np.where(same, rng.choice([3, 8], 4000), rng.choice([0, 0, 0, 1, 8], 4000))
    facts = np.where(same, rng.choice([3, 4], 4000), rng.choice([0, 0, 1], 4000))
    levels = np.column_stack([names, facts]).astype(np.int8)
    assert ((sigmoid(log_odds(levels)) > 0.5) == same).all()


def test_what_a_thing_has_one_of_keeps_apart():
    people = [
        Profile(f"p{k}", (name,), attributes={"born": (str(1900 + k),), "imdb": (f"nm{k}",)})
        for k, name in enumerate(FIRST + LAST)
    ]
    cannot = Exclusion(people)
    assert cannot(people[0], people[5])
    assert not cannot(people[0], Profile("x", ("Ada",), attributes={"born": ("1900",)}))
    assert not cannot(people[0], Profile("x", ("Ada",)))
    assert cannot(people[0], Profile("x", ("Ada",), attributes={"imdb": ("nm7",)}))
    assert cannot(Profile("x", ("Ada",)), Profile("y", ("Ada",), different=frozenset({"x"})))


def _films(seed: int) -> list[Profile]:
    rng = np.random.default_rng(seed)
    return [
        Profile(p.id, p.names, neighbours={"^starring": frozenset(
            f"film{k}" for k in rng.choice(300, 5, replace=False)
        )})
        for p in _people("e")
    ]  # fmt: skip


def test_duplicates_are_merged_and_namesakes_are_not():
    world = _films(1)
    copies = [
        Profile(f"copy{k}", (f"{p.names[0][0]}. {p.names[0].split()[1]}",), neighbours=p.neighbours)
        for k, p in enumerate(world[:30])
    ]
    namesakes = [
        Profile(f"namesake{k}", p.names, neighbours={"^starring": frozenset({f"film{300 + k}"})})
        for k, p in enumerate(world[30:60])
    ]
    found = duplicates(world + copies + namesakes)
    accepted = {frozenset((m.left, m.right)) for m in found if m.accepted}
    assert accepted == {frozenset((f"copy{k}", f"e{k}")) for k in range(30)}
    assert duplicates(world + copies + namesakes) == found
    assert all(0.1 <= m.probability < 0.9 for m in found if not m.accepted)


def test_labels_teach_what_a_disagreement_means():
    left = _people("a")
    right = [replace(p, id=f"b{k}") for k, p in enumerate(left)]
    for k in range(0, len(right), 3):
        right[k] = replace(right[k], attributes={"born": ("1850",)})
    labels = {
        (left[a].id, right[b].id): a == b and a % 3 > 0
        for a, b in blocking.across(left, right).tolist()
        if a < 60
    }
    accepted = {(m.left, m.right) for m in fuse(left, right, labels) if m.accepted}
    assert accepted == {(f"a{k}", f"b{k}") for k in range(len(left)) if k % 3}


def test_too_few_labels_are_refused():
    people = _people("a")
    with pytest.raises(LabelsError, match="1 pairs judged the same"):
        fuse(people, people[:], {("a0", "a0"): True})


def test_nothing_to_fuse():
    assert fuse([], []) == []
    assert fuse(_people("a"), []) == []
    assert duplicates([]) == []
    stated = [
        Profile("x", ("Ada Abbott",), different=frozenset({"y"})),
        Profile("y", ("Ada Abbott",)),
    ]
    assert duplicates(stated) == []
