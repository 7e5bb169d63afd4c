"""Files inside others: a member of a zip archive, and the part files of a folder."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from tastegraph.core.errors import NotFoundError, TastegraphError

MAX_NAMES = 20
_NOT_DATA = frozenset({"", ".md", ".pdf", ".html", ".htm", ".py", ".png", ".jpg"})


def zip_member(path: Path) -> tuple[Path, str] | None:
    """The archive and the member that ``path`` names; ``None`` where it is in no archive.

    ``ml.zip/ratings.csv`` names a member; ``ml.zip`` the only one that can be data.

    Raises:
        NotFoundError: there is no such archive or member.
        TastegraphError: it is no zip file, or several of its members could be data.
    """
    archive = next(
        (place for place in (path, *path.parents) if place.suffix.lower() == ".zip"), None
    )
    if archive is None or archive.is_dir():
        return None
    name = path.relative_to(archive).as_posix()
    with _opened(archive) as members:
        names = [entry.filename for entry in members.infolist() if not entry.is_dir()]
    if path == archive:
        candidates = [entry for entry in names if _is_data(entry)]
        if len(candidates) == 1:
            return archive, candidates[0]
        state = "holds several files: name one" if candidates else "holds no table"
        raise TastegraphError(f"{path} {state}{_listed(archive, candidates)}")
    if name not in names:
        raise NotFoundError(f"{archive} holds no {name}{_listed(archive, names)}")
    return archive, name


def stored_file(path: Path) -> Path:
    """The file on disk that holds what ``path`` names: itself, or the zip archive around it."""
    member = zip_member(path)
    return member[0] if member else path


@contextmanager
def open_member(archive: Path, name: str) -> Iterator[BinaryIO]:
    """Open a member for reading; it is decompressed as it is read.

    Raises:
        NotFoundError: the archive cannot be opened.
        TastegraphError: the member is encrypted or compressed in a way that cannot be read.
    """
    with _opened(archive) as members:
        try:
            stream = members.open(name)
        except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
            raise TastegraphError(f"{archive}/{name} cannot be read: {error}; unpack it") from None
        with stream:
            yield cast("BinaryIO", stream)


def part_files(folder: Path) -> list[Path]:
    """The files ``part-…`` that Spark and others write in place of one, in the order of names.

    Raises:
        TastegraphError: the folder holds none, or other tables beside them.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] not in "._")
    parts = [path for path in files if path.name.startswith("part-")]
    if parts and len({"".join(path.suffixes[-2:]) for path in parts}) == 1:
        return parts
    problem = "its parts have several formats" if parts else "it is a folder without part-… files"
    names = ", ".join(path.name for path in files[:MAX_NAMES])
    raise TastegraphError(f"{folder} cannot be read as one table: {problem}; it holds {names}")


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    try:
        members = zipfile.ZipFile(archive)
    except OSError as error:
        raise NotFoundError(f"{archive} cannot be read: {error.strerror or error}") from None
    except zipfile.BadZipFile as error:
        raise TastegraphError(f"{archive} is no undamaged zip file: {error}") from None
    with members:
        yield members


def _is_data(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    is_note = path.name.lower().startswith(("readme", "license"))
    return not hidden and not is_note and path.suffix.lower() not in _NOT_DATA


def _listed(archive: Path, names: list[str]) -> str:
    more = f", … ({len(names):,} in all)" if len(names) > MAX_NAMES else ""
    return f": {', '.join(f'{archive}/{name}' for name in names[:MAX_NAMES])}{more}" * bool(names)
