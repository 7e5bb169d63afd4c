"""Tiny pre-trained models of three kinds, with the vocabulary of the tiny corpus."""

import pytest
import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import (
    BertTokenizer,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    XLNetConfig,
    XLNetLMHeadModel,
)

from tastegraph.text.finetune.scratch import from_scratch
from tests.support.tiny_corpus import CORPUS


@pytest.fixture(scope="session")
def bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bert") / "bert"
    texts = [sentence for document in CORPUS for sentence in document.sentences]
    from_scratch(texts, folder, layers=2, width=64, vocabulary=200, max_tokens=32)
    return folder


@pytest.fixture(scope="session")
def gpt(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gpt")
    bpe = ByteLevelBPETokenizer()
    texts = [sentence for document in CORPUS for sentence in document.sentences]
    bpe.train_from_iterator(texts, 400, special_tokens=["<|endoftext|>"], show_progress=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe._tokenizer, eos_token="<|endoftext|>")
    tokenizer.save_pretrained(folder)
    shape = {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 64}
    torch.manual_seed(1)
    GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), **shape)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def xlnet(bert, tmp_path_factory):
    folder = tmp_path_factory.mktemp("xlnet")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(bert / "tokenizer.json"), unk_token="[UNK]", sep_token="[SEP]",
        pad_token="[PAD]", cls_token="[CLS]", mask_token="[MASK]",
    )  # fmt: skip
    tokenizer.save_pretrained(folder)
    shape = {"d_model": 32, "n_layer": 2, "n_head": 2, "d_inner": 64}
    torch.manual_seed(1)
    XLNetLMHeadModel(XLNetConfig(vocab_size=len(tokenizer), **shape)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tokenizer():
    """Ids in the order of this list."""
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*specials, "jon", "##ny", "smith", "saw", "it", ".", *"流浪地球好"]
    return BertTokenizer({word: k for k, word in enumerate(words)})
