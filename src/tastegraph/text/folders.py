"""Where a language model lies on this machine, and whether all of it is there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from tastegraph.core.errors import AssetError, NotFoundError, TastegraphError
from tastegraph.core.progress import say
from tastegraph.data import downloads as assets

VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")
DECISIVE = ("*.safetensors", "*.json", "*.txt", "*.model")
"""Files that decide what a model makes of a text."""
EXPORTED = "onnx"
"""The folder below a model that holds its export; see :mod:`tastegraph.text.export`."""


def located(name: str, near: Path) -> Path:
    """The folder of a model.

    Args:
        name: a folder, absolute or relative to ``near``; an asset's name; or the model's name on
            the Hugging Face hub, ``owner/model``.
        near: where relative folders start.

    Raises:
        NotFoundError: it is none of these.
        AssetError: the asset or the model on the hub could not be had.
    """
    folder = near / name
    if folder.is_dir():
        return folder
    if name in assets.ASSETS:
        return assets.find(name, announce=say)
    if name.count("/") == 1 and not name.startswith((".", "/")):
        return _from_hub(name)
    raise NotFoundError(
        f"there is no language model {name!r}: neither the folder {folder}, nor an asset "
        f"({', '.join(a.name for a in assets.ASSETS.values() if a.kind == 'encoder')}), nor a "
        "name on the Hugging Face hub, which would be owner/model"
    )


def _from_hub(name: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise TastegraphError(
            f"{name} is on the Hugging Face hub: pip install 'tastegraph[train]' to have it"
        ) from None
    try:
        return Path(snapshot_download(name, allow_patterns=list(DECISIVE), etag_timeout=10))
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().split("\n")[0]
        raise AssetError(
            f"{name} could not be had from the Hugging Face hub: {reason}. There is no folder of "
            "this name either; name a folder that holds the model, or an asset"
        ) from error


def transformer_folder(folder: Path) -> Path:
    """Where the transformer's config, weights and tokenizer are.

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
    """Whether sentence-transformers saved it, so that it says itself how it pools."""
    return (folder / "modules.json").is_file()


def check(folder: Path) -> None:
    """Compare the files with what they say of each other; no weight is loaded.

    Raises:
        TastegraphError: a file is missing, cut short or not what its name says.
    """
    place = transformer_folder(folder)
    _json(place / "config.json")
    if not any(file for pattern in VOCABULARIES for file in place.glob(pattern)):
        raise TastegraphError(f"{place} has no tokenizer ({', '.join(VOCABULARIES)})")
    index = place / "model.safetensors.index.json"
    if index.is_file():
        named = {place / str(file) for file in _weight_map(index).values()}
    else:
        named = {place / "model.safetensors"}
    missing = sorted(file.name for file in named if not file.is_file())
    if missing:
        pickled = " (pickled weights are not read: save them as safetensors)"
        hint = pickled if any(place.glob("*.bin")) else ""
        raise TastegraphError(f"{place} lacks weights: {', '.join(missing)}{hint}")
    for file in named:
        _check_whole(file)


def fingerprint(folder: Path) -> bytes:
    """SHA-256 of all that decides a model's vectors: weights, tokenizer, pooling, prompts."""
    digest = sha256()
    for file in sorted(set(_decisive(folder))):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
        with file.open("rb") as opened:
            digest.update(file_digest(opened, "sha256").digest())
    return digest.digest()


def _decisive(folder: Path) -> Iterator[Path]:
    for pattern in DECISIVE:
        for file in folder.rglob(pattern):
            first = file.relative_to(folder).parts[0]
            if first != EXPORTED and not first.startswith("."):
                yield file


def _weight_map(index: Path) -> Mapping[str, Any]:
    told = _json(index)
    if not isinstance(told, dict) or not isinstance(told.get("weight_map"), dict):
        raise TastegraphError(f"{index} does not say where the weights are: it has no weight_map")
    found: Mapping[str, Any] = told["weight_map"]
    return found


def _check_whole(file: Path) -> None:
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
