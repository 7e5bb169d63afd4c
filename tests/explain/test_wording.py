"""Reasons in words: relations of every kind, every event type, both languages."""

from __future__ import annotations

import inspect
import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core.config import Config, EventPhrases, RelationConfig
from tastegraph.core.languages import LANGUAGES
from tastegraph.core.records import EVENT_TYPES, Event
from tastegraph.explain.wording import (
    ChineseTemplates,
    EnglishTemplates,
    SentenceTemplates,
    SharedFeature,
    sentence_templates,
)
from tastegraph.pipeline.stages import fingerprint
from tastegraph.text.relations import grammatical_phrase

RATED = Event("", "", "fargo", "rating", 5.0)
SKIPPED = Event("", "", "fargo", "skip")
EN, ZH = EnglishTemplates(), ChineseTemplates()
COEN = SharedFeature("director", "Joel Coen", False)
LEE = SharedFeature("director", "李安", False)

FORMS = {
    "noun": (
        "director", "film.film.genre", "http://dbpedia.org/ontology/musicComposer", "schema:author",
        "has_genre", "country_of_origin", "place of birth", "age-rating", "film.performance.actor",
        "film.film.featured_film_locations", "is_a", "releaseYear", "wdt:seed",
    ),
    "participle": (
        "directed_by", "film.film.produced_by", "based_on", "is_based_on", "part of", "isPartOf",
        "sequel_of", "http://dbpedia.org/ontology/influencedBy", "also_bought", "buy_after_viewing",
        "related", "made_of",
    ),
    "verb": (
        "mentions", "links_to", "belongs_to", "starring", "http://dbpedia.org/ontology/starring",
        "wrote", "directed", "features", "appears_in",
    ),
    "opaque": ("P57", "http://www.wikidata.org/prop/direct/P161", "___", "L99"),
}  # fmt: skip
RELATIONS = [(relation, form) for form, names in FORMS.items() for relation in names]


@pytest.mark.parametrize(("relation", "form"), RELATIONS)
def test_form_of_a_relation_phrase(relation, form):
    assert grammatical_phrase(relation, {}).form == form


def every_sentence(words: SentenceTemplates, relation: str):
    """All that can be said of one relation: with a name or none, either way, of one step or two."""
    for label, reverse in product(("Alfred Hitchcock", ""), (False, True)):
        shared = SharedFeature(relation, label, reverse)
        yield from (words.facts_shared("Fargo", RATED, shared, events) for events in (1, 3))
        yield from (words.users_like_feature("Fargo", RATED, shared, users) for users in (1, 12))
        yield words.users_like_feature_less("Fargo", RATED, shared, 3, 57)
        yield from (
            words.learned_from_feature("Fargo", RATED, shared, alike=alike)
            for alike in (True, False)
        )
    for direct in ("forward", "backward"):
        shared = SharedFeature(relation, "Fargo", False, direct)
        yield words.facts_shared("Fargo", RATED, shared, 1)


_ENGLISH_FAULTS = re.compile(
    r"\bthe (?:mentions|directed|based|links|belongs|part of|stars)\b"  # "like the mentions Y"
    r"|\bsame (?:mentions|directed|based|links|belongs|part of)\b"
    r"|\bits (?:mentions|directed|based|links|belongs|part of)\b"
    r"|\b(?:of of|by of|by by|is is|that that|is mentions|is links|is belongs|is wrote)\b"
    r"|\bp57\b|\bp161\b|  | ,|\( "
)


@pytest.mark.parametrize("relation", [relation for relation, _ in RELATIONS])
def test_every_relation_fits_every_english_sentence(relation):
    for sentence in every_sentence(EN, relation):
        assert not _ENGLISH_FAULTS.search(sentence), sentence
        assert "*Fargo*, which you rated 5" in sentence


@pytest.mark.parametrize("relation", [relation for relation, _ in RELATIONS])
def test_every_relation_fits_every_chinese_sentence(relation):
    for sentence in every_sentence(ZH, relation):
        assert "《Fargo》" in sentence
        assert not re.search(
            r"  |的的|也也|是是|p57|[\u4e00-\u9fff]Alfred|Hitchcock[\u4e00-\u9fff]", sentence
        )


def shares(relation, label="Joel Coen", *, reverse=False, direct=None, events=1, words=EN):
    shared = SharedFeature(relation, label, reverse, direct)
    return words.facts_shared("Fargo", RATED, shared, events)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (shares("director"), "director Joel Coen, like *Fargo*, which you rated 5"),
        (shares("director", ""), "same director as *Fargo*, which you rated 5"),
        (shares("directed_by"), "directed by Joel Coen, like *Fargo*, which you rated 5"),
        (shares("directed_by", ""), "directed by the same as *Fargo*, which you rated 5"),
        (shares("mentions"), "mentions Joel Coen, like *Fargo*, which you rated 5"),
        (shares("mentions", ""), "mentions the same as *Fargo*, which you rated 5"),
        (shares("P57"), "tied to Joel Coen, like *Fargo*, which you rated 5"),
        (shares("P57", ""), "tied to the same thing as *Fargo*, which you rated 5"),
        (shares("film", reverse=True), "film of Joel Coen, like *Fargo*, which you rated 5"),
        (shares("film", "", reverse=True), "film of the same one as *Fargo*, which you rated 5"),
        (
            shares("mentions", "Psycho", reverse=True),
            "what Psycho mentions, like *Fargo*, which you rated 5",
        ),
        (
            shares("based_on", "Psycho", reverse=True),
            "what Psycho is based on, like *Fargo*, which you rated 5",
        ),
        (
            shares("based_on", "", reverse=True),
            "something is based on both this and *Fargo*, which you rated 5",
        ),
        (shares("sequel", direct="forward"), "its sequel is *Fargo*, which you rated 5"),
        (shares("sequel", direct="backward"), "sequel of *Fargo*, which you rated 5"),
        (shares("based_on", direct="forward"), "based on *Fargo*, which you rated 5"),
        (shares("based_on", direct="backward"), "*Fargo*, which you rated 5, is based on this"),
        (shares("mentions", direct="backward"), "*Fargo*, which you rated 5, mentions this"),
        (
            shares("film festivals", direct="forward"),
            "its film festivals are *Fargo*, which you rated 5",
        ),
        (
            shares("director", events=3),
            "director Joel Coen, like *Fargo*, which you rated 5 (and 2 more)",
        ),
        (shares("director", "李安", words=ZH), "和你打了 5 分的《Fargo》导演同为李安"),
        (shares("directed_by", "", words=ZH), "和你打了 5 分的《Fargo》导演相同"),
        (
            shares("film.actor.film", "李安", reverse=True, words=ZH),
            "和你打了 5 分的《Fargo》同为李安的作品",
        ),
        (shares("mentions", "李安", words=ZH), "和你打了 5 分的《Fargo》一样提到李安"),
        (
            shares("mentions", "李安", reverse=True, words=ZH),
            "和你打了 5 分的《Fargo》一样，李安也提到它",
        ),
        (shares("sequel", direct="forward", words=ZH), "它的续集是你打了 5 分的《Fargo》"),
        (shares("sequel", direct="backward", words=ZH), "它是你打了 5 分的《Fargo》的续集"),
        (shares("based on", direct="forward", words=ZH), "它改编自你打了 5 分的《Fargo》"),
        (
            shares("genre", "科幻", events=3, words=ZH),
            "和你打了 5 分的《Fargo》类型同为科幻（另有 2 个也是）",
        ),
        (shares("crumb", "X", words=ZH), "和你打了 5 分的《Fargo》“crumb”同为 X"),
    ],
)
def test_sentence_of_shared_facts(text, sentence):
    assert text == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            EN.users_like_both("Fargo", RATED, 12),
            "12 people who like *Fargo*, which you rated 5, like this too",
        ),
        (
            EN.users_like_both("Fargo", RATED, 1),
            "one person who likes *Fargo*, which you rated 5, likes this too",
        ),
        (
            EN.users_like_less("Fargo", SKIPPED, 3, 1570),
            "people who like *Fargo*, which you skipped, like this less often than others do "
            "(3 of 1,570)",
        ),
        (
            EN.learned_from_likes("Fargo", RATED, alike=True),
            "similar to *Fargo*, which you rated 5, by what was learned from people's likes",
        ),
        (
            EN.users_like_feature("Fargo", RATED, SharedFeature("mentions", "Psycho", False), 2),
            "2 people who like *Fargo*, which you rated 5, like something else that mentions "
            "Psycho too",
        ),
        (
            EN.learned_from_feature("Fargo", RATED, COEN, alike=True),
            "something with the director Joel Coen goes with *Fargo*, which you rated 5, by what "
            "was learned",
        ),
        (
            EN.learned_from_facts("Fargo", RATED, alike=True),
            "goes with *Fargo*, which you rated 5, by what was learned of facts",
        ),
        (
            EN.learned_from_texts("Fargo", RATED, alike=False),
            "does not go with *Fargo*, which you rated 5, by what was learned of texts",
        ),
        (
            EN.texts_compared("Fargo", RATED, alike=True),
            "described much like *Fargo*, which you rated 5",
        ),
        (
            EN.texts_compared("Fargo", SKIPPED, alike=False),
            "described unlike *Fargo*, which you skipped",
        ),
        (EN.popular(57, many=True, stranger=False), "liked by many people (57)"),
        (
            EN.popular(1, many=False, stranger=True),
            "liked by one person; nothing is known of your taste yet",
        ),
        (EN.popular(0, many=False, stranger=False), "nobody has liked it yet"),
        (EN.popular_lately(57), "liked by people lately (57 people in all)"),
        (
            ZH.users_like_both("喜宴", RATED, 12),
            "喜欢《喜宴》（你打了 5 分）的人也喜欢这个（12 人）",
        ),
        (ZH.users_like_both("喜宴", RATED, 1), "有一个喜欢《喜宴》（你打了 5 分）的人也喜欢这个"),
        (
            ZH.users_like_feature("卧虎藏龙", RATED, LEE, 3),
            "喜欢《卧虎藏龙》（你打了 5 分）的人还喜欢别的，导演也是李安（3 人）",
        ),
        (
            ZH.learned_from_feature("卧虎藏龙", RATED, LEE, alike=True),
            "从大家的喜好中学到：它的导演李安和你打了 5 分的《卧虎藏龙》相配",
        ),
        (
            ZH.texts_compared("卧虎藏龙", RATED, alike=True),
            "文字介绍和你打了 5 分的《卧虎藏龙》很相似",
        ),
        (ZH.popular(57, many=True, stranger=True), "很多人喜欢（57 人）；还不了解你的喜好"),
    ],
)  # fmt: skip
def test_sentences_of_the_other_kinds(text, sentence):
    assert text == sentence


@pytest.mark.parametrize(
    ("kind", "value", "in_english", "in_chinese"),
    [
        ("view", None, "which you viewed", "你看过"),
        ("click", None, "which you clicked on", "你点开过"),
        ("purchase", 9.99, "which you bought", "你买过"),
        ("like", None, "which you liked", "你喜欢"),
        ("dislike", None, "which you disliked", "你不喜欢"),
        ("skip", None, "which you skipped", "你跳过"),
        ("rating", 5.0, "which you rated 5", "你打了 5 分"),
        ("rating", 3.5, "which you rated 3.5", "你打了 3.5 分"),
        ("rating", None, "which you rated", "你打过分"),
        ("add_to_cart", None, "which you added to the cart", "你加入过购物车"),
        ("addtocart", None, "which you added to the cart", "你加入过购物车"),
        ("add-to-cart", None, "which you added to the cart", "你加入过购物车"),
        ("listen", 31.0, "which you listened to", "你听过"),
        ("refund", None, "which you had refunded", "你退过款"),
        ("dwell", 12.0, 'for which there is an event "dwell" of yours', "你有“dwell”记录"),
    ],
)
def test_clause_of_an_event_type(kind, value, in_english, in_chinese):
    event = Event("", "", "item", kind, value)
    assert (EN.event_clause(event), ZH.event_clause(event)) == (in_english, in_chinese)


def test_every_known_event_type_has_its_own_clause():
    for kind in EVENT_TYPES:
        event = Event("", "", "item", kind)
        assert kind not in ZH.event_clause(event)
        assert '"' not in EN.event_clause(event)


@given(st.from_regex(r"[a-z][a-z0-9_.-]{0,63}", fullmatch=True))
def test_any_event_type_has_a_clause(kind):
    event = Event("", "", "item", kind)
    clause = EN.event_clause(event)
    assert "know" not in clause.replace(kind, "")
    assert clause
    assert ZH.event_clause(event)


def test_configured_words_take_precedence():
    config = Config.model_validate(
        {
            "events": {
                "weights": {"dwell": 0.2},
                "words": {"dwell": {"en": "which you looked at for long", "zh": "你看了很久的"}},
            },
            "relations": {"a.b": {"phrase": "Regie", "phrase_zh": "导演"}, "c.d": {"use": True}},
        }
    )
    templates, event = sentence_templates(config), Event("", "", "item", "dwell")
    english, chinese = templates["en"], templates["zh"]
    assert english.event_clause(event) == "which you looked at for long"
    assert chinese.event_clause(event) == "你看了很久"
    assert (english.relation_phrase("a.b"), chinese.relation_phrase("a.b")) == ("Regie", "导演")
    assert (english.relation_phrase("c.d"), chinese.relation_phrase("c.d")) == ("d", "“d”")
    words = {"dwell": EventPhrases(en="only English")}
    verb = ChineseTemplates({"x": RelationConfig(phrase_zh="改编自")}, words)
    assert verb.facts_shared("甲", event, SharedFeature("x", "乙", False), 1) == (
        "和你有“dwell”记录的《甲》一样改编自乙"
    )


def test_an_action_is_the_clause_without_the_user():
    assert (EN.event_action(RATED), ZH.event_action(RATED)) == ("rated 5", "打了 5 分")


def test_every_language_has_every_template():
    templates = sentence_templates(Config())
    assert set(templates) == set(LANGUAGES)
    methods = {
        name
        for name, value in vars(SentenceTemplates).items()
        if callable(value) and not name.startswith("_")
    }
    for words in templates.values():
        for name in methods:
            expected = inspect.signature(getattr(SentenceTemplates, name))
            assert inspect.signature(getattr(type(words), name)) == expected, name


def test_a_change_of_wording_or_examples_makes_no_build_stale(database, tmp_path):
    settings = {"relations": {"a": {"phrase": "A"}}, "events": {"weights": {"dwell": 0.2}}}
    words = {"dwell": {"en": "which you looked at"}}
    reworded = {
        "relations": {
            "a": {"phrase": "A", "phrase_zh": "甲", "object": "person", "examples": ["by Ang Lee"]}
        },
        "events": {"weights": {"dwell": 0.2}, "words": words},
        "serving": {"language": "zh"},
    }
    other = {**settings, "events": {"weights": {"dwell": 0.3}}}
    with database.writing():
        pass
    before, after, changed = (
        fingerprint(database, Config.model_validate(each), tmp_path)
        for each in (settings, reworded, other)
    )
    assert before == after
    assert before != changed
