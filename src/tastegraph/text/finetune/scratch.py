"""A small BERT with random weights and a vocabulary of its own, to be pre-trained."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertForPreTraining, BertTokenizer

from tastegraph.core.errors import ConfigError, TastegraphError
from tastegraph.text.batching import encodable
from tastegraph.text.finetune.pretrained import quietly
from tastegraph.text.folders import complete_or_absent

HEAD_WIDTH = 64
"""Width of an attention head (Devlin et al. 2019, §3)."""
SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MODULES = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}


def from_scratch(
    texts: Iterable[str],
    into: Path,
    *,
    layers: int = 4,
    width: int = 256,
    vocabulary: int = 8000,
    max_tokens: int = 128,
    seed: int = 1,
) -> None:
    """Write a sentence encoder with random weights: BERT, the mean of its tokens, and a lower-case
    WordPiece vocabulary of ``texts``.

    Args:
        texts: of which the vocabulary is made.
        into: a new folder; it is complete or absent.
        layers: attention layers.
        width: of a vector, a multiple of 64.
        vocabulary: most word pieces; more where the texts have more characters.
        max_tokens: of the longest text.
        seed: of the weights.

    Raises:
        ConfigError: ``width`` is no multiple of 64.
        TastegraphError: ``into`` exists, or the texts have no words.
    """
    if width < HEAD_WIDTH or width % HEAD_WIDTH:
        raise ConfigError(f"width {width}: a multiple of {HEAD_WIDTH} expected")
    if into.exists():
        raise TastegraphError(f"{into} is there already: remove it, or name another folder")
    tokenizer = _tokenizer(texts, vocabulary, max_tokens)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=width // HEAD_WIDTH,
        intermediate_size=4 * width,
        max_position_embeddings=max_tokens,
        pad_token_id=tokenizer.pad_token_id,
    )
    with complete_or_absent(into) as new, quietly():
        tokenizer.save_pretrained(new)
        BertForPreTraining(config).save_pretrained(new)
        _pool(new, width, max_tokens)


def _tokenizer(texts: Iterable[str], vocabulary: int, max_tokens: int) -> Any:
    wordpiece = BertWordPieceTokenizer(lowercase=True)
    normalised = [wordpiece.normalizer.normalize_str(encodable(text)) for text in texts]
    words = [w for text in normalised for w, _ in wordpiece.pre_tokenizer.pre_tokenize_str(text)]
    if not words:
        raise TastegraphError("no vocabulary can be made: the texts hold no words")
    wordpiece.train_from_iterator(
        words,
        vocab_size=vocabulary,
        limit_alphabet=vocabulary,
        special_tokens=[*SPECIAL_TOKENS, *_continuations(words)],
        show_progress=False,
    )
    return BertTokenizer(wordpiece.get_vocab(), do_lower_case=True, model_max_length=max_tokens)


def _continuations(words: Iterable[str]) -> list[str]:
    """Tokens of characters inside words, sorted: the library orders them at random."""
    return [f"##{character}" for character in sorted({c for word in words for c in word[1:]})]


def _pool(folder: Path, width: int, max_tokens: int) -> None:
    """Add the modules of sentence-transformers to ``folder``: mean pooling, then length 1."""
    modules = [
        {"idx": k, "name": str(k), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for k, (path, kind) in enumerate(MODULES.items())
    ]
    (folder / "1_Pooling").mkdir()
    for name, content in {
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": max_tokens, "do_lower_case": False},
        "1_Pooling/config.json": {
            "word_embedding_dimension": width,
            "pooling_mode_mean_tokens": True,
        },
    }.items():
        (folder / name).write_text(json.dumps(content, indent=2), encoding="utf-8")
