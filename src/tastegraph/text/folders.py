"""Folders of language models: how one is looked up, checked, and written as a whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from tastegraph.core.errors import AssetError, NotFoundError, TastegraphError
from tastegraph.core.progress import say
from tastegraph.data import downloads
from tastegraph.store.durable import flush

TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")
MODEL_FILES = ("*.safetensors", "*.json", "*.txt", "*.model")
"""Files that decide the vectors of a model."""
EXPORTED = "onnx"
"""The folder below a model that holds its export; see :mod:`tastegraph.text.onnx_export`."""
DISTILLED = "static"
"""The one that holds the vectors of its tokens; see :mod:`tastegraph.text.distillation`."""


def find_model(name: str, base: Path) -> Path:
    """The folder of a model.

    Args:
        name: a folder, absolute or relative to ``base``; an asset's name; or the model's name on
            the Hugging Face hub, ``owner/model``.
        base: of relative folders.

    Raises:
        NotFoundError: it is none of these.
        AssetError: the asset or the model on the hub could not be downloaded.
    """
    folder = base / name
    if folder.is_dir():
        return folder
    if name in downloads.ASSETS:
        return downloads.find(name, announce=say)
    if name.count("/") == 1 and not name.startswith((".", "/")):
        return _from_hub(name)
    raise NotFoundError(
        f"there is no language model {name!r}: neither the folder {folder}, nor an asset "
        f"({', '.join(a.name for a in downloads.ASSETS.values() if a.kind == 'encoder')}), nor a "
        "name on the Hugging Face hub, which would be owner/model"
    )


def transformer_folder(folder: Path) -> Path:
    """The folder with the transformer's config, weights and tokenizer.

    That is the folder of the first module of a sentence-transformers model, else ``folder``.

    Raises:
        TastegraphError: ``modules.json`` cannot be read.
    """
    if not is_sentence_model(folder):
        return folder
    try:
        return folder / str(_json(folder / "modules.json")[0]["path"])
    except (KeyError, IndexError, TypeError):
        raise TastegraphError(f"{folder / 'modules.json'} names no modules") from None


def is_sentence_model(folder: Path) -> bool:
    """Whether sentence-transformers saved it, so that the folder defines the pooling."""
    return (folder / "modules.json").is_file()


def check(folder: Path) -> None:
    """Check that the files of a model are complete and consistent; no weight is loaded.

    Raises:
        TastegraphError: a file is missing, cut short or of another format than its name says.
    """
    place = transformer_folder(folder)
    _json(place / "config.json")
    if not any(file for pattern in TOKENIZER_FILES for file in place.glob(pattern)):
        raise TastegraphError(f"{place} has no tokenizer ({', '.join(TOKENIZER_FILES)})")
    index = place / "model.safetensors.index.json"
    if index.is_file():
        files = {place / str(file) for file in _weight_map(index).values()}
    else:
        files = {place / "model.safetensors"}
    missing = sorted(file.name for file in files if not file.is_file())
    if missing:
        pickled = " (pickled weights are not read: save them as safetensors)"
        hint = pickled if any(place.glob("*.bin")) else ""
        raise TastegraphError(f"{place} lacks weights: {', '.join(missing)}{hint}")
    for file in files:
        _check_safetensors(file)


def fingerprint(folder: Path) -> bytes:
    """SHA-256 of what decides a model's vectors: weights, tokenizer, pooling, prompts."""
    digest = sha256()
    for file in sorted(set(_model_files(folder))):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
        with file.open("rb") as opened:
            digest.update(file_digest(opened, "sha256").digest())
    return digest.digest()


@contextmanager
def complete_or_absent(folder: Path) -> Iterator[Path]:
    """A folder to write into, which replaces ``folder`` once everything is on disk.

    Where writing fails, the old content stays. A process that is killed between the two renames
    leaves both folders complete, under the names that :func:`possible_places` lists.
    """
    _, new, old = possible_places(folder)
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    for path in (*new.rglob("*"), new):
        flush(path)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    flush(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def possible_places(folder: Path) -> tuple[Path, Path, Path]:
    """Where a complete folder may be after a process was killed, the likeliest first."""
    return folder, folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")


def remove(folder: Path) -> None:
    """Remove ``folder`` and what a killed process may have left of it."""
    for place in possible_places(folder):
        shutil.rmtree(place, ignore_errors=True)


def _from_hub(name: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise TastegraphError(
            f"{name} is on the Hugging Face hub: pip install 'tastegraph[train]' to have it"
        ) from None
    try:
        return Path(snapshot_download(name, allow_patterns=list(MODEL_FILES), etag_timeout=10))
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().split("\n")[0]
        raise AssetError(
            f"{name} could not be had from the Hugging Face hub: {reason}. There is no folder of "
            "this name either; name a folder that holds the model, or an asset"
        ) from error


def _model_files(folder: Path) -> Iterator[Path]:
    for pattern in MODEL_FILES:
        for file in folder.rglob(pattern):
            first = file.relative_to(folder).parts[0]
            if first not in (EXPORTED, DISTILLED) and not first.startswith("."):
                yield file


def _weight_map(index: Path) -> Mapping[str, Any]:
    content = _json(index)
    if not isinstance(content, dict) or not isinstance(content.get("weight_map"), dict):
        raise TastegraphError(f"{index} does not say where the weights are: it has no weight_map")
    weight_map: Mapping[str, Any] = content["weight_map"]
    return weight_map


def _check_safetensors(file: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "np") as weights:
            weights.keys()
    except (SafetensorError, OSError) as error:
        raise TastegraphError(
            f"{file} is cut short or damaged: {error}. Copy or download it again"
        ) from None


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TastegraphError(
            f"{file.parent} is no language model: it has no {file.name}"
        ) from None
    except (OSError, ValueError) as error:
        raise TastegraphError(f"{file} cannot be read: {error}") from None
