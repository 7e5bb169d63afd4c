"""Vectors of tokens, distilled from a language model: it reads each token of its vocabulary once.

What remains of a model is a table that :class:`tastegraph.text.static.StaticEncoder` adds up. The
same recipe is known as model2vec (Tulkens & van Dongen 2024). The table follows from the model
alone, not from a catalogue, so new texts get the vectors that a build would give them.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from tastegraph.core.arrays import Bools
from tastegraph.core.progress import progress
from tastegraph.text import folders
from tastegraph.text.static import FORMAT, TABLE, TOKENIZER, StaticManifest
from tastegraph.text.torch_model import device, load, save_tokenizer

DIMENSIONS = 256
"""Principal directions of the tokens' vectors that are retained, at most."""
SMOOTHING = 1e-3
"""a of the weight a / (a + p) of a token with frequency p (Arora et al. 2017, §4.1)."""
TOKENS_PER_BATCH = 256
_BRACKETED = re.compile(r"\[.+\]|<.+>")
"""``[PAD]``, ``</s>``, ``[unused7]``: tokens that no text is made of."""
_BOUNDARY = re.compile(r"^(##|▁|Ġ)|</w>$")
"""How a vocabulary marks a token that begins, continues or ends a word."""
_EXAMPLE = "a"


def distil(folder: Path) -> Path:
    """Make the vectors of a model's tokens; the same model gives the same.

    Args:
        folder: of a model that :class:`~tastegraph.text.encoder.Encoder` reads.

    Returns:
        The folder below it that :class:`~tastegraph.text.static.StaticEncoder` reads. It is
        complete or absent, and replaces an older one.

    Raises:
        TastegraphError: the model is incomplete or damaged.
    """
    model = load(folder).to(device())
    distilled = folder / folders.DISTILLED
    with TemporaryDirectory(dir=folder, prefix=f".{folders.DISTILLED}-") as temporary:
        place = Path(temporary) / folders.DISTILLED
        place.mkdir()
        save_tokenizer(model, place / TOKENIZER)
        words, alphabet_first = _vocabulary(place / TOKENIZER, len(model.tokenizer))
        weights = token_weights(words, model.tokenizer.all_special_ids, alphabet_first)
        vectors = principal(_token_vectors(model), weights > 0) * weights[:, None]
        np.save(place / TABLE, vectors.astype(np.float16), allow_pickle=False)
        StaticManifest(
            format=FORMAT,
            fingerprint=folders.fingerprint(folder).hex(),
            tokens=len(vectors),
            dimensions=vectors.shape[1],
            unknown=model.tokenizer.unk_token_id,
        ).write(place)
        shutil.rmtree(distilled, ignore_errors=True)
        place.rename(distilled)
    return distilled


def token_weights(
    words: Sequence[str], special: Sequence[int], alphabet_first: bool
) -> NDArray[np.float64]:
    """float64[V]: a / (a + p) of each token; 0 of special tokens and of those without a letter.

    A vocabulary is ordered by frequency, which its training counted, so p follows from the rank r
    by Zipf's law: p = 1 / (r · (1 + 1/2 + … + 1/n)).

    Args:
        words: the V tokens as the vocabulary writes them.
        special: ids of tokens that no text is made of.
        alphabet_first: whether single characters stand before all words, in no order; then they
            have no rank. The letters of English are taken for as frequent as the first word, as
            "a" and "s" are, all others for rare.
    """
    plain = [_BOUNDARY.sub("", word) for word in words]
    silent = np.array(
        [
            bool(_BRACKETED.fullmatch(word)) or not any(map(str.isalnum, text))
            for word, text in zip(words, plain, strict=True)
        ],
        dtype=np.bool_,
    )
    silent[list(special)] = True
    unranked = silent.copy()
    if alphabet_first:
        unranked |= [len(text) == 1 for text in plain]
    ranks = np.cumsum(~unranked)
    harmonic = (1 / np.arange(1, max(int((~unranked).sum()), 1) + 1)).sum()
    frequency = np.where(unranked, 0, 1 / (np.maximum(ranks, 1) * harmonic))
    letters = [len(text) == 1 and text.isascii() for text in plain]
    frequency[unranked & np.array(letters, dtype=np.bool_)] = 1 / harmonic
    return np.where(silent, 0, SMOOTHING / (SMOOTHING + frequency))


def principal(vectors: NDArray[np.float32], counted: Bools) -> NDArray[np.float64]:
    """float64[V, k]: centred, along the principal directions of the ``counted`` rows.

    Args:
        vectors: float32[V, d].
        counted: bool[V], the tokens that mean and directions follow from.
    """
    wide = vectors.astype(np.float64)
    if not counted.any():
        return np.zeros((len(wide), min(DIMENSIONS, wide.shape[1])))
    apart = wide - wide[counted].mean(axis=0)
    _, directions = np.linalg.eigh(apart[counted].T @ apart[counted])
    directions = directions[:, ::-1][:, :DIMENSIONS]
    # An eigenvector's sign is free: its largest part is positive.
    largest = directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])]
    return np.asarray(apart @ (directions * np.where(largest < 0, -1, 1)))


def _token_vectors(model: SentenceTransformer) -> NDArray[np.float32]:
    """float32[V, d]: each token between the model's special tokens, pooled as the model pools."""
    tokenizer: Any = model.tokenizer
    before, after = _surrounding(tokenizer)
    n_tokens = len(tokenizer)
    batches = []
    with progress("reading the vocabulary", n_tokens) as advance, torch.no_grad():
        for start in range(0, n_tokens, TOKENS_PER_BATCH):
            stop = min(n_tokens, start + TOKENS_PER_BATCH)
            rows = [[*before, token, *after] for token in range(start, stop)]
            ids = torch.tensor(rows, device=model.device)
            features: dict[str, Any] = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
            for module in model:
                features = module(features)
            batches.append(features["sentence_embedding"].float().cpu().numpy())
            advance(stop - start)
    return np.concatenate(batches)


def _surrounding(tokenizer: Any) -> tuple[list[int], list[int]]:
    """The special tokens before and after a text."""
    bare = list(tokenizer(_EXAMPLE, add_special_tokens=False)["input_ids"])
    full = list(tokenizer(_EXAMPLE)["input_ids"])
    places = range(len(full) - len(bare) + 1)
    start = next((k for k in places if full[k : k + len(bare)] == bare), 0)
    return full[:start], full[start + len(bare) :]


def _vocabulary(file: Path, n_tokens: int) -> tuple[list[str], bool]:
    """The tokens by id, and whether the alphabet stands before the words."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    words = [tokenizer.id_to_token(token) or "" for token in range(n_tokens)]
    kind = json.loads(file.read_text(encoding="utf-8"))["model"]["type"]
    return words, kind in ("WordPiece", "BPE")
