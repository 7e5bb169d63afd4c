"""Names as they are compared, and what else a name says: its readings, years and numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote

from tastegraph.text.languages import UNSPACED_RUN, character_pairs

_QUALIFIER = re.compile(r"[(（]([^()（）]*)[)）]$")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
_ALSO = re.compile(r"(?:a\.?k\.?a\.?|aka)\s+", re.IGNORECASE)
_ROMAN = {
    roman: str(number)
    for number, roman in enumerate(
        ("ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii"), start=2
    )
}
ARTICLE = 3
"""The most letters of a word that a catalogue moves behind a comma: *The*, *Les*, *Das*."""


def normalised(name: str) -> str:
    """``name`` in lower case, without accents, its words apart by one space.

    Letters and digits of every script stay; what else there is parts words, but for an apostrophe
    or a full stop inside one (*L.A.*, *O'Brien*).
    """
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in plain if not unicodedata.combining(c) and c not in "'’‘`.")
    plain = unicodedata.normalize("NFKC", plain).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())


def parted(name: str) -> tuple[str, str]:
    """``name`` without the qualifier in brackets at its end, and that qualifier.

    ``"Crash (1996 film)"`` → ``("Crash", "1996 film")``; without one, ``(name, "")``.
    """
    found = _QUALIFIER.search(name.rstrip())
    before = name[: found.start()].rstrip() if found else ""
    return (before, found.group(1).strip()) if found and before else (name, "")


def name_in(identifier: str) -> str:
    """What an id says of its own name: the end of an IRI as text, or the id as it is.

    ``http://dbpedia.org/resource/Crash_(1996_film)`` → ``Crash (1996 film)``; of an IRI that is no
    path, such as ``director:Ridley Scott``, all that follows the scheme.
    """
    scheme, _, rest = identifier.partition(":")
    if not rest or rest[0].isspace() or not _SCHEME.fullmatch(scheme):
        end = identifier
    elif rest.startswith("//"):
        end = rest.rstrip("/#").replace("#", "/").rpartition("/")[2] or identifier
    else:
        end = rest.rpartition(":")[2] or rest if scheme.casefold() == "urn" else rest
    return unquote(end).replace("_", " ").strip()


def readings(title: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names that a title gives, its own first, and the qualifiers it gives with them.

    ``"Shop, The (Obchod) (1965)"`` → ``("The Shop", "Obchod")`` and ``("Obchod", "1965")``: what
    stands in brackets may be a further name, but for a year, and a short last word behind a comma
    once stood in front.
    """
    qualifiers: list[str] = []
    base, qualifier = parted(title.strip())
    while qualifier:
        qualifiers.insert(0, qualifier)
        base, qualifier = parted(base)
    further = [_ALSO.sub("", name, count=1) for name in qualifiers if not name.isdigit()]
    return tuple(dict.fromkeys(_article_first(n) for n in (base, *further))), tuple(qualifiers)


def _article_first(name: str) -> str:
    front, comma, last = name.rpartition(",")
    last = last.strip()
    if not comma or not front or not last or " " in last:
        return name
    if len(normalised(last)) > ARTICLE or any(c.isdigit() for c in last):
        return name
    return f"{last}{front.strip()}" if last.endswith(("'", "’")) else f"{last} {front.strip()}"


def years(texts: Iterable[str]) -> frozenset[int]:
    """The years, 1500 to 2099, that stand in ``texts`` as numbers of their own."""
    return frozenset(int(year) for text in texts for year in _YEAR.findall(text))


def numbers(plain: str) -> frozenset[str]:
    """The numbers among the words of a normalised name; Roman ones from II on are read."""
    words = plain.split()
    return frozenset(_ROMAN.get(w, w) for w in words[1:] if w in _ROMAN or w.isdigit()) | {
        w for w in words[:1] if w.isdigit()
    }


def terms(text: str) -> frozenset[str]:
    """The words of ``text``, normalised; of a script without spaces, its pairs of characters."""
    plain = normalised(text)
    found = set(UNSPACED_RUN.sub(" ", plain).split())
    for run in UNSPACED_RUN.findall(plain):
        found.update(character_pairs(run))
    return frozenset(found)
