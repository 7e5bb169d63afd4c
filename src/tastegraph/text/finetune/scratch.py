"""A small BERT that knows nothing yet, with a vocabulary of its own."""

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

HEAD = 64
"""Width of an attention head (Devlin et al. 2019, §3)."""
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
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
    """A sentence encoder of random weights in ``into``, to be pre-trained: BERT, the mean of its
    tokens, and a WordPiece vocabulary of ``texts`` without letter case.

    Args:
        texts: what the vocabulary is made of.
        into: a new folder; it is there whole or not at all.
        layers: of attention.
        width: of a vector, a multiple of 64.
        vocabulary: most word pieces, unless there are more characters than that.
        max_tokens: longest text.
        seed: decides the weights.

    Raises:
        ConfigError: ``width`` is no multiple of 64.
        TastegraphError: ``into`` is taken, or the texts hold no words.
    """
    if width < HEAD or width % HEAD:
        raise ConfigError(f"width {width}: a multiple of {HEAD} expected")
    if into.exists():
        raise TastegraphError(f"{into} is there already: remove it, or name another folder")
    tokenizer = _tokenizer(texts, vocabulary, max_tokens)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=width // HEAD,
        intermediate_size=4 * width,
        max_position_embeddings=max_tokens,
        pad_token_id=tokenizer.pad_token_id,
    )
    with complete_or_absent(into) as new, quietly():
        tokenizer.save_pretrained(new)
        BertForPreTraining(config).save_pretrained(new)
        _pool(new, width, max_tokens)


def _tokenizer(texts: Iterable[str], vocabulary: int, max_tokens: int) -> Any:
    learner = BertWordPieceTokenizer(lowercase=True)
    read = [learner.normalizer.normalize_str(encodable(text)) for text in texts]
    words = [w for text in read for w, _ in learner.pre_tokenizer.pre_tokenize_str(text)]
    if not words:
        raise TastegraphError("no vocabulary can be made: the texts hold no words")
    learner.train_from_iterator(
        words,
        vocab_size=vocabulary,
        limit_alphabet=vocabulary,
        special_tokens=[*SPECIALS, *_inner(words)],
        show_progress=False,
    )
    return BertTokenizer(learner.get_vocab(), do_lower_case=True, model_max_length=max_tokens)


def _inner(words: Iterable[str]) -> list[str]:
    """Characters inside words, in an order of their own: the library's differs from run to run."""
    return [f"##{character}" for character in sorted({c for word in words for c in word[1:]})]


def _pool(folder: Path, width: int, max_tokens: int) -> None:
    """Make the transformer in ``folder`` a model of sentence-transformers: mean, then length 1."""
    modules = [
        {"idx": k, "name": str(k), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for k, (path, kind) in enumerate(MODULES.items())
    ]
    (folder / "1_Pooling").mkdir()
    for name, told in {
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": max_tokens, "do_lower_case": False},
        "1_Pooling/config.json": {
            "word_embedding_dimension": width,
            "pooling_mode_mean_tokens": True,
        },
    }.items():
        (folder / name).write_text(json.dumps(told, indent=2), encoding="utf-8")
