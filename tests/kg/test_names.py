"""Names: normal form, qualifiers, titles, years and numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.kg.names import (
    entity_name,
    name_from_id,
    normalize_name,
    numbers_in,
    split_qualifier,
    title_names,
    tokens_of,
    years_in,
)
from tests.support.limits import within

DBR = "http://dbpedia.org/resource/"


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        (DBR + "Crash_(1996_film)", "Crash (1996 film)"),
        (DBR + "Star_Trek:_Insurrection", "Star Trek: Insurrection"),
        (DBR + "O_Brother,_Where_Art_Thou%3F", "O Brother, Where Art Thou?"),
        ("http://example.org/films#Alien", "Alien"),
        ("http://example.org/Alien/", "Alien"),
        ("director:Ridley Scott", "Ridley Scott"),
        ("dbr:Face/Off", "Face/Off"),
        ("urn:film:Alien", "Alien"),
        ("Alien: Resurrection", "Alien: Resurrection"),
        ("m.0abc", "m.0abc"),
    ],
)
def test_name_from_id(identifier, name):
    assert name_from_id(identifier) == name


@pytest.mark.parametrize(
    ("title", "names", "qualifiers"),
    [
        ("Matrix, The (1999)", ("The Matrix",), ("1999",)),
        ("Avventura, L' (1960)", ("L'Avventura",), ("1960",)),
        ("Shop, The (Obchod) (1965)", ("The Shop", "Obchod"), ("Obchod", "1965")),
        ("Seven (a.k.a. Se7en)", ("Seven", "Se7en"), ("a.k.a. Se7en",)),
        ("Good, Bad and Ugly", ("Good, Bad and Ugly",), ()),
        ("Room, 237", ("Room, 237",), ()),
        ("(1999)", ("(1999)",), ()),
        ("霸王别姬 (1993)", ("霸王别姬",), ("1993",)),
    ],
)
def test_names_and_qualifiers_of_a_title(title, names, qualifiers):
    assert title_names(title) == (names, qualifiers)


def test_years_numbers_tokens_and_qualifiers():
    assert years_in(["1995 films", "2001: A Space Odyssey", "12345", "1995-03-02", "1990s"]) == {
        1995, 2001, 1990,
    }  # fmt: skip
    assert numbers_in(normalize_name("Rocky II")) == {"2"} == numbers_in(normalize_name("Rocky 2"))
    assert numbers_in(normalize_name("X Men")) == set() == numbers_in(normalize_name("I, Robot"))
    assert tokens_of("Crème brûlée!") == {"creme", "brulee"}
    assert tokens_of("王家卫 2046") == {"王家", "家卫", "2046"}
    assert split_qualifier("Crash (1996 film) ") == ("Crash", "1996 film")


@pytest.mark.slow
@given(st.text(max_size=60))
def test_any_title_has_names(title):
    names, _ = title_names(title)
    assert names
    for name in (title, *names):
        assert normalize_name(normalize_name(name)) == normalize_name(name)
        assert len(tokens_of(name)) <= len(name) * 20
    name_from_id(title)


@pytest.mark.parametrize("hostile", ["(" * 50_000, " " * 50_000 + "(", "a:" + "x" * 50_000 + " /"])
def test_hostile_names_are_read_in_bounded_time(hostile):
    # An algorithm of quadratic time takes minutes.
    with within(2.0):
        names, _ = title_names(hostile)
        name = name_from_id(hostile)
    assert names
    assert len(name) <= len(hostile)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("M*A*S*H", "MASH"),
        ("B.A.P.S.", "B*A*P*S"),
        ("8½", "8 1/2"),
        ("Naked Gun 33⅓", "naked gun 33 1/3"),
    ],
)
def test_spellings_of_one_name_have_one_normal_form(one, other):
    assert normalize_name(one) == normalize_name(other)


@pytest.mark.parametrize(
    ("label", "entity", "name"),
    [
        ("Joel Coen", "m.04t36", "Joel Coen"),
        ("", "Joel Coen", "Joel Coen"),
        ("", "person:Joel Coen", "Joel Coen"),
        ("", DBR + "Fargo_(1996_film)", "Fargo (1996 film)"),
        ("", "Drama", "Drama"),
        ("", "剧情", "剧情"),
        ("2", "category:2", "2"),
        ("", "m.04t36", ""),
        ("", "/m/04t36", ""),
        ("", "m.03_d0", ""),
        ("", "m.0_a_b", ""),
        ("", "http://www.wikidata.org/entity/Q42", ""),
        ("", "Q42", ""),
        ("", "17", ""),
        ("", "category:17", ""),
        ("", "person:western-1", ""),
        ("", "tt0114709", ""),
        ("", "_:b0", ""),
        ("m.04t36", "m.04t36", ""),
        ("http://example.org/x", "x", ""),
    ],
)
def test_name_of_an_entity_is_never_an_id(label, entity, name):
    assert entity_name(label, entity) == name
