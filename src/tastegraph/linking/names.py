"""Names as they are compared: without case, accents, punctuation or a qualifier."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

_QUALIFIER = re.compile(r"\s*[(（]([^()（）]*)[)）]\s*$")
_IRI = re.compile(r"^[a-z][a-z0-9+.-]*:\S*?([^/#:?]+)$", re.IGNORECASE)


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
    found = _QUALIFIER.search(name)
    if found is None or not found.start():
        return name, ""
    return name[: found.start()], found.group(1).strip()


def name_in(identifier: str) -> str:
    """What an id says of its own name: the end of an IRI as text, or the id as it is.

    ``http://dbpedia.org/resource/Crash_(1996_film)`` → ``Crash (1996 film)``.
    """
    found = _IRI.match(identifier)
    return unquote(found.group(1) if found else identifier).replace("_", " ").strip()
