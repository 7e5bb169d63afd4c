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
    """BERT in ``folder``: special tokens around a text, padding on the right."""
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
    )
    return _save(folder, BertModel, config, seed, "right", "<cls> $A <sep>")


def gpt2(folder: Path, seed: int = 0) -> Path:
    """GPT-2 in ``folder``: no padding token, no special tokens, padding on the left."""
    config = GPT2Config(vocab_size=len(WORDS), n_embd=WIDTH, n_layer=2, n_head=2, n_positions=40)
    return _save(folder, GPT2Model, config, seed, "left", None)


def xlnet(folder: Path, seed: int = 0) -> Path:
    """XLNet in ``folder``: special tokens after the text, padding on the left."""
    config = XLNetConfig(vocab_size=len(WORDS), d_model=WIDTH, n_layer=2, n_head=2, d_inner=32)
    return _save(folder, XLNetModel, config, seed, "left", "$A <sep> <cls>")


def tokenizer(words: list[str], padding_side: str, template: str | None) -> PreTrainedTokenizerFast:
    """Words to ids, in the order of ``words``; ``template`` adds special tokens to a text."""
    word_level = Tokenizer(WordLevel({word: k for k, word in enumerate(words)}, unk_token="<unk>"))
    word_level.normalizer = normalizers.BertNormalizer(handle_chinese_chars=True)
    word_level.pre_tokenizer = pre_tokenizers.Whitespace()
    special = {"unk_token": "<unk>", "eos_token": "<sep>"}
    if template is not None:
        special |= {"pad_token": "<pad>", "cls_token": "<cls>", "sep_token": "<sep>"}
        ids = [(token, words.index(token)) for token in ("<cls>", "<sep>")]
        word_level.post_processor = processors.TemplateProcessing(
            single=template, special_tokens=ids
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=word_level, padding_side=padding_side, **special
    )


def _save(folder, model_class, config, seed, padding_side, template):
    torch.manual_seed(seed)
    model = model_class(config).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=1.0)
    model.save_pretrained(folder)
    tokenizer(WORDS, padding_side, template).save_pretrained(folder)
    return folder
