"""Tiny language models of three kinds with random weights and a vocabulary of their own."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordLevel
from transformers import (
    BertConfig,
    BertModel,
    GPT2Config,
    GPT2Model,
    PreTrainedTokenizerFast,
    XLNetConfig,
    XLNetModel,
)

SPECIAL = ["<pad>", "<unk>", "<cls>", "<sep>"]
WESTERN = ["a", "western", "with", "cowboys", "in", "space", "film", "about", "robots", "love"]
WORDS = [*SPECIAL, *WESTERN, *"机器人"]
WIDTH = 16


def bert(folder: Path, seed: int = 0) -> Path:
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
    )
    return _save(folder, BertModel, config, seed, side="right", frame="<cls> $A <sep>")


def gpt2(folder: Path, seed: int = 0) -> Path:
    """As GPT-2 is: no token for padding, no marks around a text; padded left to write on."""
    config = GPT2Config(vocab_size=len(WORDS), n_embd=WIDTH, n_layer=2, n_head=2, n_positions=40)
    return _save(folder, GPT2Model, config, seed, side="left", frame=None)


def xlnet(folder: Path, seed: int = 0) -> Path:
    """As XLNet is: marks behind the text, padding before it."""
    config = XLNetConfig(vocab_size=len(WORDS), d_model=WIDTH, n_layer=2, n_head=2, d_inner=32)
    return _save(folder, XLNetModel, config, seed, side="left", frame="$A <sep> <cls>")


def tokenizer(words: list[str], side: str, frame: str | None) -> PreTrainedTokenizerFast:
    made = Tokenizer(WordLevel({word: k for k, word in enumerate(words)}, unk_token="<unk>"))
    made.normalizer = normalizers.BertNormalizer(handle_chinese_chars=True)
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    marks = {"unk_token": "<unk>", "eos_token": "<sep>"}
    if frame is not None:
        marks |= {"pad_token": "<pad>", "cls_token": "<cls>", "sep_token": "<sep>"}
        ids = [(mark, words.index(mark)) for mark in ("<cls>", "<sep>")]
        made.post_processor = processors.TemplateProcessing(single=frame, special_tokens=ids)
    return PreTrainedTokenizerFast(tokenizer_object=made, padding_side=side, **marks)


def _save(folder, model, config, seed, side, frame):
    torch.manual_seed(seed)
    made = model(config).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=1.0)
    made.save_pretrained(folder)
    tokenizer(WORDS, side, frame).save_pretrained(folder)
    return folder
