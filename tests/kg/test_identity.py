"""Identity groups: confident pairs first, and never two ids that are known to differ."""

from hypothesis import given
from hypothesis import strategies as st

from tastegraph.kg.identity import canonical_ids, consistent_pairs, identity_groups

IDS = st.sampled_from("abcdefgh")
PAIRS = st.lists(st.tuples(IDS, IDS, st.sampled_from([0.8, 0.9, 1.0])), max_size=14)
APART = st.lists(st.tuples(IDS, IDS).filter(lambda pair: pair[0] != pair[1]), max_size=5)


def test_pairs_join_through_a_third():
    assert identity_groups([("b", "c", 0.9), ("a", "b", 1.0), ("x", "y", 0.8)]) == [
        ["a", "b", "c"],
        ["x", "y"],
    ]


def test_the_less_confident_pair_is_rejected():
    same = [("a", "b", 0.9), ("b", "c", 0.8), ("c", "d", 0.95)]
    assert identity_groups(same, [("a", "c")]) == [["a", "b"], ["c", "d"]]
    assert identity_groups(same, [("d", "a")]) == [["a", "b"], ["c", "d"]]
    assert consistent_pairs(same, [("c", "a")]) == [("c", "d"), ("a", "b")]


def test_of_equally_confident_pairs_the_first_by_name_is_accepted():
    assert identity_groups([("c", "b", 0.9), ("b", "a", 0.9)], [("a", "c")]) == [["a", "b"]]


def test_a_pair_within_a_group_is_consistent():
    same = [("a", "b", 1.0), ("b", "c", 0.9), ("c", "a", 0.8)]
    assert consistent_pairs(same) == [("a", "b"), ("b", "c"), ("c", "a")]


def test_a_pair_of_one_id_is_ignored():
    assert identity_groups([("a", "a", 1.0)]) == []
    assert identity_groups([("a", "b", 1.0)], [("a", "a")]) == [["a", "b"]]


def test_the_first_id_is_the_canonical_id():
    assert canonical_ids([["b", "a"], ["y", "x"]]) == {"a": "a", "b": "a", "x": "x", "y": "x"}


@given(PAIRS, APART)
def test_no_group_contains_a_different_pair(same, different):
    groups = identity_groups(same, different)
    for members in groups:
        assert len(members) > 1
        assert not any({left, right} <= set(members) for left, right in different)
    every = [member for members in groups for member in members]
    assert len(every) == len(set(every))


@given(PAIRS, APART, st.randoms())
def test_neither_order_nor_direction_matters(same, different, random):
    mixed = [
        (r, left, sure) if random.random() < 0.5 else (left, r, sure) for left, r, sure in same
    ]
    random.shuffle(mixed)
    turned = [pair[::-1] for pair in different]
    random.shuffle(turned)
    assert identity_groups(mixed, turned) == identity_groups(same, different)


@given(PAIRS, APART)
def test_consistent_pairs_join_the_same_groups(same, different):
    pairs = consistent_pairs(same, different)
    assert identity_groups([(*pair, 1.0) for pair in pairs]) == identity_groups(same, different)


@given(PAIRS)
def test_without_differences_it_is_the_transitive_closure(same):
    group = {end: end for pair in same for end in pair[:2]}
    for left, right, _ in same:
        old, new = group[left], group[right]
        group = {end: new if first == old else first for end, first in group.items()}
    closure = {}
    for end, first in group.items():
        closure.setdefault(first, []).append(end)
    assert identity_groups(same) == sorted(sorted(ids) for ids in closure.values() if len(ids) > 1)


@given(PAIRS, APART)
def test_a_rejected_pair_would_join_a_different_pair(same, different):
    groups = identity_groups(same, different)
    group = {member: set(members) for members in groups for member in members}
    for left, right, _ in same:
        left_group, right_group = group.get(left, {left}), group.get(right, {right})
        if left_group != right_group:
            joined = left_group | right_group
            assert any({x, y} <= joined for x, y in different)
