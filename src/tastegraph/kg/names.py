"""Names of things: normal form, qualifiers, alternative titles, years and numbers in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from urllib.parse import unquote

from tastegraph.text.languages import (
    HAN,
    UNSPACED,
    UNSPACED_RUN,
    character_class,
    character_pairs,
    contains_han,
)
from tastegraph.text.texts import readable_label

_QUALIFIER = re.compile(r"[(（]([^()（）]*)[)）]$")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_FRACTION = re.compile("[\u00bc-\u00be\u2150-\u215e]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
_ALSO_KNOWN_AS = re.compile(r"(?:a\.?k\.?a\.?|aka)\s+", re.IGNORECASE)
_ROMAN_NUMERALS = {
    roman: str(number)
    for number, roman in enumerate(
        ("ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii"), start=2
    )
}
_INSIDE_WORDS = "'’‘`.*·・‧•･"
_ASCII_NAME = {
    code: None if chr(code) in _INSIDE_WORDS else chr(code).lower() if chr(code).isalnum() else " "
    for code in range(128)
}
"""What :func:`normalize_name` makes of each ASCII character."""
_UNSPACED = character_class(UNSPACED)
_UNSPACED_GAP = re.compile(f"(?<=[{_UNSPACED}]) +(?=[{_UNSPACED}])")
_UNSPACED_EDGE = re.compile(
    f"(?<=[{_UNSPACED}])(?=[^{_UNSPACED}])|(?<=[^{_UNSPACED}])(?=[{_UNSPACED}])"
)
MAX_ARTICLE_LENGTH = 3
"""Letters of a word that catalogues move behind a comma, at most: *The*, *Les*, *Das*."""


def normalize_name(name: str) -> str:
    """``name`` in lower case, without accents, its words separated by one space.

    Letters and digits of every script are kept. Every other character separates words, except an
    apostrophe, a full stop, an asterisk or a dot within a word (*L.A.*, *O'Brien*, *M*A*S*H*,
    史蒂文·斯皮尔伯格), which is removed. A fraction is a number of its own: *8½* is *8 1/2*.
    Chinese characters are simplified; between them there is no space, and beside them one
    (流浪地球 2, 阿 q 正传), since sources differ in both.
    """
    if name.isascii():
        return " ".join(name.translate(_ASCII_NAME).split())
    plain = unicodedata.normalize("NFKD", _FRACTION.sub(r" \g<0>", name))
    plain = "".join(c for c in plain if not unicodedata.combining(c) and c not in _INSIDE_WORDS)
    plain = simplified(unicodedata.normalize("NFKC", plain).casefold())
    plain = "".join(c if c.isalnum() else " " for c in plain)
    return " ".join(_UNSPACED_GAP.sub("", _UNSPACED_EDGE.sub(" ", plain)).split())


def simplified(text: str) -> str:
    """``text`` with simplified in place of traditional Chinese characters, one for each.

    The characters are those of OpenCC. What Japanese writes in the same way is changed too.
    """
    return text.translate(_simplified_characters()) if contains_han(text) else text


@cache
def _simplified_characters() -> dict[int, str]:
    from opencc import OpenCC

    first, last = HAN[0][0], HAN[1][1]
    traditional = [chr(code) for code in range(first, last + 1)]
    converted = OpenCC("t2s").convert("\n".join(traditional)).split("\n")
    return {
        ord(a): b for a, b in zip(traditional, converted, strict=True) if a != b and len(b) == 1
    }


def split_qualifier(name: str) -> tuple[str, str]:
    """``name`` without the qualifier in brackets at its end, and that qualifier.

    ``"Crash (1996 film)"`` → ``("Crash", "1996 film")``; without a qualifier, ``(name, "")``.
    """
    match = _QUALIFIER.search(name.rstrip())
    base = name[: match.start()].rstrip() if match else ""
    return (base, match.group(1).strip()) if match and base else (name, "")


def name_from_id(identifier: str) -> str:
    """A readable name from an id: the last part of an IRI, or the id itself.

    ``http://dbpedia.org/resource/Crash_(1996_film)`` → ``Crash (1996 film)``. Of an IRI without a
    path, such as ``director:Ridley Scott``, it is everything behind the scheme.
    """
    scheme, _, rest = identifier.partition(":")
    if not rest or rest[0].isspace() or not _SCHEME.fullmatch(scheme):
        end = identifier
    elif rest.startswith("//"):
        end = rest.rstrip("/#").replace("#", "/").rpartition("/")[2] or identifier
    else:
        end = rest.rpartition(":")[2] or rest if scheme.casefold() == "urn" else rest
    return unquote(end).replace("_", " ").strip()


def entity_name(label: str, entity_id: str) -> str:
    """The name of an entity, to be read by users; empty where nobody has named it.

    An entity without a label is named by its id where that is made of words, as in a table that
    names directors: *Joel Coen*, *dbr:Fargo_(1996_film)*. Ids such as *m.04t36*, *Q42*, *17* or
    *tt0114709* are no names.
    """
    if label:
        return readable_label(label, entity_id)
    name = name_from_id(entity_id)
    n_words = sum(any(map(str.isalpha, word)) for word in name.split())
    is_code = n_words < 2 and any(map(str.isdigit, name))
    if is_code or not n_words or entity_id.startswith("_:") or not is_readable(name):
        return ""
    return readable_label(name)


def is_readable(name: str) -> bool:
    """Whether ``name`` may be a name rather than an id, of which underscores may be spaces now."""
    return bool(readable_label(name) and readable_label(name.replace(" ", "_")))


def title_names(title: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names that a title holds, the main one first, and its qualifiers.

    ``"Shop, The (Obchod) (1965)"`` → ``("The Shop", "Obchod")`` and ``("Obchod", "1965")``. A text
    in brackets may be a second name unless it is a number; a short last word behind a comma is
    an article and is moved to the front.
    """
    qualifiers: list[str] = []
    base, qualifier = split_qualifier(title.strip())
    while qualifier:
        qualifiers.insert(0, qualifier)
        base, qualifier = split_qualifier(base)
    others = [_ALSO_KNOWN_AS.sub("", name, count=1) for name in qualifiers if not name.isdigit()]
    return tuple(dict.fromkeys(_article_first(n) for n in (base, *others))), tuple(qualifiers)


def _article_first(name: str) -> str:
    front, comma, last = name.rpartition(",")
    last = last.strip()
    if not comma or not front or not last or " " in last:
        return name
    if len(normalize_name(last)) > MAX_ARTICLE_LENGTH or any(c.isdigit() for c in last):
        return name
    return f"{last}{front.strip()}" if last.endswith(("'", "’")) else f"{last} {front.strip()}"


def years_in(texts: Iterable[str]) -> frozenset[int]:
    """The years from 1500 to 2099 that are separate numbers in ``texts``."""
    return frozenset(int(year) for text in texts for year in _YEAR.findall(text))


def numbers_in(normal_name: str) -> frozenset[str]:
    """The numbers among the words of a normalized name, in Arabic figures.

    Roman numerals from II to XIII count as numbers unless they are the first word.
    """
    words = normal_name.split()
    return frozenset(
        _ROMAN_NUMERALS.get(w, w) for w in words[1:] if w in _ROMAN_NUMERALS or w.isdigit()
    ) | {w for w in words[:1] if w.isdigit()}


def same_or_initial(left: str, right: str) -> bool:
    """Whether two words are equal, or one is the initial of the other."""
    return left == right or (min(len(left), len(right)) == 1 and left[0] == right[0])


def tokens_of(text: str) -> frozenset[str]:
    """The normalized words of ``text``; in a script without spaces, its character bigrams."""
    plain = normalize_name(text)
    tokens = set(UNSPACED_RUN.sub(" ", plain).split())
    for run in UNSPACED_RUN.findall(plain):
        tokens.update(character_pairs(run))
    return frozenset(tokens)
