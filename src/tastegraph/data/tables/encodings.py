"""Encodings of text files: certain where a byte-order mark says it, else proposed."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import BinaryIO

from tastegraph.core.errors import TastegraphError

MAX_SAMPLE_BYTES = 64 * 1024

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK_BYTES = 1024 * 1024
_UNREADABLE = "\udcff"
"""Stands for bytes that cannot be decoded; no UTF-8 can say it, so its line is refused."""


def _share(text: str, first: str, last: str) -> float:
    letters = [character for character in text if character > "\x7f"]
    return sum(first <= character <= last for character in letters) / max(len(letters), 1)


_PROPOSED: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {
        "euc_kr": lambda text: _share(text, "가", "힣") > 0.95,
        "shift_jis": lambda text: _share(text, "\u3040", "\u30ff") > 0.1,
        "euc_jp": lambda text: _share(text, "\u3040", "\u30ff") > 0.1,
        "gb18030": lambda text: _share(text, "\u3000", "\uffef") > 0.5,
        "big5": lambda text: _share(text, "\u3000", "\uffef") > 0.5,
        "cp1252": lambda text: True,
        "cp1251": lambda text: _share(text, "Ѐ", "ӿ") > 0.8,
        "cp1250": lambda text: True,
        "cp1253": lambda text: _share(text, "\u0370", "\u03ff") > 0.8,
        "cp1254": lambda text: True,
        "cp1255": lambda text: _share(text, "\u0590", "\u05ff") > 0.8,
        "cp1256": lambda text: _share(text, "\u0600", "\u06ff") > 0.8,
    }
)
"""Encoding that is proposed → whether a text decoded by it looks like what it is made for; those
that were told apart by the letters of one script come first."""


def marked_encoding(head: bytes) -> str | None:
    """The encoding that the byte-order mark at the beginning of a file says, or ``None``."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def proposed_encoding(sample: bytes) -> str | None:
    """The likely encoding of text that is not UTF-8, or ``None``.

    Args:
        sample: whole lines of the file, best those that are not UTF-8.
    """
    sample = sample[:MAX_SAMPLE_BYTES]
    for name, zeros, texts in (("utf-16-le", sample[1::2], sample[::2]),
                               ("utf-16-be", sample[::2], sample[1::2])):  # fmt: skip
        if zeros.count(0) > len(zeros) / 2 and texts.count(0) < len(texts) / 10:
            return name
    # Imported here: only files that are not UTF-8 need it.
    from charset_normalizer import from_bytes

    matches = {
        name: match.chaos
        for match in from_bytes(sample, cp_isolation=list(_PROPOSED))
        for name in match.could_be_from_charset
        if name in _PROPOSED and _PROPOSED[name](str(match))
    }
    if not matches:
        return None
    clearest = min(matches.values())
    name = next(name for name in _PROPOSED if matches.get(name, 1) <= clearest + 0.05)
    return "gbk" if name == "gb18030" and _is_decodable(sample, "gbk") else name


def check_encoding(name: str) -> str:
    """Return the name of a text encoding that exists.

    Raises:
        TastegraphError: there is none of this name.
    """
    try:
        "".encode(name)
    except (LookupError, ValueError):
        raise TastegraphError(
            f"--encoding {name}: there is no such encoding; usual ones are utf-8, utf-16, cp1252, "
            "gbk, big5, shift_jis"
        ) from None
    return name


def as_utf8(stream: BinaryIO, encoding: str) -> BinaryIO:
    """A stream of the same text in UTF-8; a line with bytes that cannot be decoded is no UTF-8.

    Raises:
        TastegraphError: there is no such encoding.
    """
    if codecs.lookup(check_encoding(encoding)).name == "utf-8":
        return stream
    return io.BufferedReader(_Transcoded(stream, encoding), _CHUNK_BYTES)


class _Transcoded(io.RawIOBase):
    """Text of any encoding as UTF-8."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(errors=_HANDLER)
        self._ready = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._ready and not self._ended:
            chunk = self._stream.read(_CHUNK_BYTES)
            self._ended = not chunk
            text = self._decoder.decode(chunk, final=self._ended)
            self._ready = memoryview(text.encode("utf-8", "surrogatepass"))
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size


def _mark_unreadable(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return _UNREADABLE, error.end


_HANDLER = "tastegraph.unreadable"
codecs.register_error(_HANDLER, _mark_unreadable)


def _is_decodable(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
