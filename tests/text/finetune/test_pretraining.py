"""Pre-training: masks, pairs of sentences, quality after training, and resumed runs."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from tokenizers import ByteLevelBPETokenizer
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoTokenizer,
    BertTokenizer,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    XLNetConfig,
    XLNetLMHeadModel,
)

from tastegraph.core.errors import AssetError, ConfigError, NotFoundError, TastegraphError
from tastegraph.data import downloads as assets
from tastegraph.store import caches
from tastegraph.store.database import Database
from tastegraph.text.encoder import Encoder
from tastegraph.text.finetune import pretrained
from tastegraph.text.finetune.corpus import (
    SPECIAL,
    TextDocument,
    TokenSequence,
    cut,
    joined,
    name_spans,
    split_documents,
    tokenized,
)
from tastegraph.text.finetune.loop import TrainingSchedule
from tastegraph.text.finetune.masked import SentencePairs
from tastegraph.text.finetune.prediction import (
    IGNORED,
    choose_targets,
    hide_targets,
    permutation_mask,
)
from tastegraph.text.finetune.pretraining import pretrain
from tastegraph.text.finetune.scratch import from_scratch

pytestmark = pytest.mark.slow

COLOURS = ("red", "green", "blue", "white", "black", "grey")
NAMES = ("Ann Abel", "Bob Bernhard", "Cy Carlson", "Di Dunne", "Ed Ekman", "Fay Fonda")
CORPUS = [
    TextDocument(
        (
            f"We begin with the {COLOURS[k % 6]} film.",
            f"{NAMES[k % 6]} sold it for {k % 7} dollars.",
        ),
        (NAMES[k % 6],),
    )
    for k in range(400)
]
"""A pair whose second sentence begins with "We" is of two documents."""
FEW = CORPUS[:40]
SMALL = {"entity_masking": True, "batch_size": 16, "max_tokens": 32}


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bert") / "bert"
    texts = [sentence for document in CORPUS for sentence in document.sentences]
    from_scratch(texts, folder, layers=2, width=64, vocabulary=200, max_tokens=32)
    return folder


@pytest.fixture(scope="module")
def minilm():
    try:
        return assets.find("all-MiniLM-L6-v2", announce=lambda text: None)
    except AssetError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def tokenizer():
    """Ids in the order of this list."""
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*specials, "jon", "##ny", "smith", "saw", "it", ".", *"流浪地球好"]
    return BertTokenizer({word: k for k, word in enumerate(words)})


# names


@pytest.mark.parametrize(
    ("sentence", "names", "expected"),
    [
        ("It sat with It.", ["It"], [(0, 2), (12, 14)]),
        ("New York, new york", ["York", "New York"], [(0, 8), (10, 18)]),
        ("电影流浪地球很好", ["流浪地球"], [(2, 6)]),
        ("看了Alien三遍, not Aliens", ["Alien"], [(2, 7)]),
        ("(500) Days and M*A*S*H", ["(500) Days", "M*A*S*H"], [(0, 10), (15, 22)]),
        ("nothing", ["", " ", "else"], []),
        ("nothing", [], []),
    ],
)
def test_names_are_matched_as_whole_words(sentence, names, expected):
    assert name_spans(sentence, names) == expected


def test_a_name_is_one_unit(tokenizer):
    documents = [
        TextDocument(("Jonny Smith saw it.", "", "流浪地球好"), ("jonny smith", "流浪地球"))
    ]
    (first, second), = tokenized(documents, tokenizer, whole_names=True)  # fmt: skip
    assert first.ids.tolist() == [5, 6, 7, 8, 9, 10]
    assert first.units.tolist() == [0, 0, 0, 3, 4, 5]
    assert second.ids.tolist() == [11, 12, 13, 14, 15]
    assert second.units.tolist() == [0, 0, 0, 0, 4]
    (alone, _), = tokenized(documents, tokenizer, whole_names=False)  # fmt: skip
    assert alone.units.tolist() == [0, 1, 2, 3, 4, 5]


def test_unknown_and_special_tokens_are_never_predicted(tokenizer):
    ((sentence,),) = tokenized([TextDocument(("it [MASK] zebra it",))], tokenizer, whole_names=True)
    assert sentence.ids.tolist() == [9, 4, 1, 9]
    assert sentence.units.tolist() == [0, SPECIAL, SPECIAL, 3]


def test_long_sentences_are_cut_between_names():
    sentence = TokenSequence(np.arange(8), np.array([0, 1, 1, 1, 4, 5, 5, 7]))
    assert [part.ids.tolist() for part in cut(sentence, 3)] == [[0], [1, 2, 3], [4, 5, 6], [7]]
    assert [part.ids.tolist() for part in cut(sentence, 2)] == [[0], [1, 2], [3, 4], [5, 6], [7]]
    assert joined(cut(sentence, 3)).ids.tolist() == sentence.ids.tolist()


# masks

UNITS = st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=40).map(
    lambda runs: np.concatenate(
        [np.zeros(0, np.int64)]
        + [np.full(size, k if known else SPECIAL) for k, (size, known) in enumerate(runs)]
    ).astype(np.int64)
)


@given(UNITS, st.floats(0.01, 0.9), st.integers(0, 99))
@settings(max_examples=200, deadline=None)
def test_whole_units_are_chosen_up_to_the_share(units, share, seed):
    targets = choose_targets(units, share, np.random.default_rng(seed))
    assert not targets[units == SPECIAL].any()
    for unit in set(units.tolist()) - {SPECIAL}:
        assert targets[units == unit].all() or not targets[units == unit].any()
    predictable = int((units != SPECIAL).sum())
    if predictable:
        count = max(round(share * predictable), 1)
        longest = max(np.bincount(units[units != SPECIAL]))
        assert count <= targets.sum() < count + longest
    else:
        assert not targets.any()


@given(UNITS, st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_other_tokens_are_not_changed(units, seed):
    rng = np.random.default_rng(seed)
    ids = rng.integers(10, 20, len(units))
    targets = choose_targets(units, 0.3, rng)
    hidden = hide_targets(ids, units, targets, 4, np.arange(50, 60), rng)
    assert (hidden[~targets] == ids[~targets]).all()
    for unit in set(units[targets].tolist()):
        part = units == unit
        treatments = (
            (hidden[part] == 4).all(),
            (hidden[part] >= 50).all(),
            (hidden[part] == ids[part]).all(),
        )
        assert sum(treatments) == 1


def test_of_the_targets_80_percent_are_masked_10_replaced_10_left():
    rng = np.random.default_rng(0)
    ids, units = np.full(40_000, 9), np.arange(40_000)
    targets = choose_targets(units, 0.15, rng)
    assert targets.sum() == 6000
    hidden = hide_targets(ids, units, targets, 4, np.arange(50, 60), rng)[targets]
    shares = [(hidden == 4).mean(), (hidden >= 50).mean(), (hidden == 9).mean()]
    np.testing.assert_allclose(shares, [0.8, 0.1, 0.1], atol=0.015)


def test_a_permutation_hides_later_targets():
    class FixedOrder:
        def permutation(self, n):
            return np.array([1, 0])

    hidden = permutation_mask(np.array([False, True, True, False]), FixedOrder())
    assert hidden.astype(int).tolist() == [[0, 1, 1, 0], [0, 1, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0]]


# pairs


def test_half_the_pairs_follow_and_half_are_of_two_documents(tokenizer):
    documents = [TextDocument(("jonny", "smith", "saw")), TextDocument((".", "it"))]
    follows = {(5, 6): {7}, (7,): {8}, (10,): {9}}
    own = [{5, 6, 7, 8}, {9, 10}]
    pairs = SentencePairs(documents, tokenizer, 16, False)
    assert len(pairs) == 3
    batch = pairs.batch(np.repeat(np.arange(3), 400), np.random.default_rng(1))
    ids = torch.where(batch["labels"] == IGNORED, batch["input_ids"], batch["labels"])
    for row, segments, label in zip(ids, batch["token_type_ids"], batch["following"], strict=True):
        words = row[(row != 2) & (row != 3) & (row != 0)].tolist()
        second = row[segments == 1].tolist()[:-1]
        first = tuple(words[: len(words) - len(second)])
        if label == 0:
            assert set(second) == follows[first]
        else:
            assert not set(second) & own[0 if first[0] in own[0] else 1]
    assert 0.46 < batch["following"].float().mean() < 0.54
    special = torch.isin(ids, torch.tensor(tokenizer.all_special_ids))
    assert (batch["labels"][special] == IGNORED).all()


def test_pairs_fit_the_length_and_contain_every_sentence(tokenizer):
    documents = [TextDocument(("it saw " * 50, "smith")), TextDocument(("jonny",))]
    pairs = SentencePairs(documents, tokenizer, 11, True)
    batch = pairs.batch(np.arange(len(pairs)), np.random.default_rng(1))
    assert len(pairs) == 25 + 1
    assert batch["input_ids"].shape[1] <= 11
    assert (batch["labels"] != IGNORED).any(1).all()
    assert batch["following"][-1] == IGNORED


def test_the_masked_loss_equals_the_loss_of_the_model(bert):
    objective, model, tokenizer = pretrained.read(bert)
    pairs = objective.examples(CORPUS[:20], tokenizer, 32, True)
    batch = pairs.batch(np.arange(16), np.random.default_rng(2))
    model.eval()
    with torch.no_grad():
        losses = objective.loss(model, batch)
        inputs = {k: v for k, v in batch.items() if k != "following"}
        outputs = model(**inputs, next_sentence_label=batch["following"])
    assert losses.mean.item() == pytest.approx(outputs.loss.item(), rel=1e-5)
    assert losses.tokens == int((batch["labels"] != IGNORED).sum())


# permutation


def test_a_target_is_hidden_from_earlier_targets_of_the_order(xlnet):
    objective, model, tokenizer = pretrained.read(xlnet)
    blocks = objective.examples(CORPUS[:2], tokenizer, 32, True)
    batch = blocks.batch(np.arange(1), np.random.default_rng(3))
    hidden = batch["perm_mask"][0].bool()
    targets = batch["target_mapping"][0].argmax(1).tolist()
    order = sorted(targets, key=lambda t: int(hidden[t].sum()), reverse=True)
    model.eval()

    def hidden_states(ids):
        inputs = {k: v for k, v in batch.items() if k not in ("labels", "input_ids")}
        inputs["attention_mask"] = inputs["attention_mask"].float()
        with torch.no_grad():
            states = model.transformer(ids, **inputs, use_mems=False).last_hidden_state[0]
        return {target: states[k] for k, target in enumerate(targets)}

    before = hidden_states(batch["input_ids"])
    for place, changed in enumerate(order):
        ids = batch["input_ids"].clone()
        ids[0, changed] = (ids[0, changed] + 1) % len(tokenizer)
        after = hidden_states(ids)
        for k, target in enumerate(order):
            assert torch.equal(before[target], after[target]) == (k <= place)


# training


def test_bert_learns_tokens_and_the_next_sentence(bert, tmp_path):
    report = pretrain(bert, CORPUS, TrainingSchedule(60, 3e-3), tmp_path / "pretrained", **SMALL)
    assert (report.objective, report.trained, report.held_out) == ("masked", 360, 40)
    assert report.after.perplexity < 0.25 * report.before.perplexity
    assert report.before.following < 0.6
    assert report.after.following > 0.7


@pytest.mark.parametrize("kind", ["gpt", "xlnet"])
def test_other_kinds_are_trained_by_their_own_objective(kind, request, tmp_path):
    source = request.getfixturevalue(kind)
    report = pretrain(source, CORPUS, TrainingSchedule(25, 1e-2), tmp_path / "pretrained", **SMALL)
    assert report.objective == {"gpt": "causal", "xlnet": "permutation"}[kind]
    assert report.after.perplexity < 0.5 * report.before.perplexity
    assert report.after.following is None
    again = pretrain(
        tmp_path / "pretrained", CORPUS, TrainingSchedule(1, 1e-5), tmp_path / "more", **SMALL
    )
    assert again.before == report.after  # The heads are in the folder.
    if kind == "gpt":
        AutoModelForCausalLM.from_pretrained(tmp_path / "pretrained")


def test_a_causal_model_predicts_every_token_but_the_first(gpt):
    objective, model, tokenizer = pretrained.read(gpt)
    blocks = objective.examples(CORPUS[:3], tokenizer, 16, True)
    batch = blocks.batch(np.arange(len(blocks)), np.random.default_rng(0))
    total = sum(
        len(tokenizer(" ".join(document.sentences))["input_ids"]) for document in CORPUS[:3]
    )
    assert objective.loss(model, batch).tokens == total  # each with an end, less its first
    assert batch["input_ids"].shape[1] == 16


def test_the_encoder_loads_a_pretrained_model_and_training_continues_with_its_heads(bert, tmp_path):
    report = pretrain(bert, FEW, TrainingSchedule(5, 1e-3), tmp_path / "pretrained", **SMALL)
    again = pretrain(
        tmp_path / "pretrained", FEW, TrainingSchedule(1, 1e-5), tmp_path / "more", **SMALL
    )
    assert again.before == report.after
    rows = []
    for folder in (bert, tmp_path / "pretrained"):
        database = Database(tmp_path / f"{folder.name}.db", caches.vector_metadata)
        rows.append(Encoder(folder, 32, database).encode(["the red film", "the blue film"]))
    np.testing.assert_allclose(np.linalg.norm(rows[1], axis=1), 1, rtol=1e-5)
    assert not np.allclose(rows[0], rows[1])


def test_a_real_encoder_retains_its_modules(minilm, tmp_path):
    report = pretrain(
        minilm, FEW[:12], TrainingSchedule(2, 1e-4), tmp_path / "pretrained", entity_masking=True,
        batch_size=4, max_tokens=32, frozen_layers=5,
    )  # fmt: skip
    assert report.after.perplexity < report.before.perplexity
    files = [
        {path.relative_to(f) for path in f.rglob("*")} for f in (minilm, tmp_path / "pretrained")
    ]
    # An ONNX export may be beside the weights; it is exported again after training.
    assert {path for path in files[0] if path.parts[0] != "onnx"} == files[1]
    before, after = (
        AutoModel.from_pretrained(f).state_dict() for f in (minilm, tmp_path / "pretrained")
    )
    changed = {name.split(".")[2] for name in before if not torch.equal(before[name], after[name])
               if name.startswith("encoder.layer")}  # fmt: skip
    assert changed == {"5"}
    assert torch.equal(before["embeddings.LayerNorm.weight"], after["embeddings.LayerNorm.weight"])


def test_frozen_layers_are_not_trained(bert):
    _, model, _ = pretrained.read(bert)
    pretrained.freeze(model, 1)
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert not any("embeddings" in name or "layer.0." in name for name in trained)
    assert any("layer.1." in name for name in trained)
    assert "cls.predictions.bias" in trained
    with pytest.raises(ConfigError, match="2 frozen layers: 0 to 1"):
        pretrained.freeze(model, 2)


# interruption

KILLED = """
import os, signal, sys
from pathlib import Path
from tests.text.finetune.test_pretraining import FEW, SMALL
from tastegraph.text.finetune import pretraining
from tastegraph.text.finetune.loop import TrainingSchedule

class Killed(TrainingSchedule):
    def rng(self, step):
        if step == 8:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().rng(step)

source, into, state = map(Path, sys.argv[1:])
schedule = Killed(12, 1e-3, save_every=3)
pretraining.pretrain(source, FEW, schedule, into, checkpoint=state, **SMALL)
"""


def test_a_killed_run_resumes_to_the_same_weights(bert, tmp_path, capsys):
    schedule, state = TrainingSchedule(12, 1e-3, save_every=3), tmp_path / "state"
    whole = pretrain(bert, FEW, schedule, tmp_path / "whole", **SMALL)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, bert, tmp_path / "resumed", state],
        cwd=Path(__file__).parents[3],
    )
    assert killed.returncode == -9
    assert state.is_dir()
    assert not (tmp_path / "resumed").exists()
    resumed = pretrain(bert, FEW, schedule, tmp_path / "resumed", checkpoint=state, **SMALL)
    assert "not used" not in capsys.readouterr().err
    a, b = (load_file(tmp_path / f / "model.safetensors") for f in ("whole", "resumed"))
    assert a.keys() == b.keys()
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert (resumed.before, resumed.after) == (whole.before, whole.after)
    assert not state.exists()


@pytest.mark.parametrize("other", ["texts", "settings", "weights"])
def test_a_checkpoint_of_another_run_is_not_used(bert, tmp_path, capsys, other):
    state, schedule = tmp_path / "state", TrainingSchedule(4, 1e-3, save_every=2)

    class Stopped(TrainingSchedule):
        def rng(self, step):
            if step == 3:
                raise KeyboardInterrupt
            return super().rng(step)

    with pytest.raises(KeyboardInterrupt):
        pretrain(bert, FEW, Stopped(4, 1e-3, save_every=2), tmp_path / "a", checkpoint=state,
                 **SMALL)  # fmt: skip
    documents, sizes, source = FEW, SMALL, bert
    if other == "texts":
        documents = [TextDocument(("Another text.",)), *FEW]
    elif other == "settings":
        sizes = SMALL | {"entity_masking": False}
    else:
        source = tmp_path / "other"
        from_scratch(["one two"], source, layers=2, width=64, vocabulary=100, max_tokens=32)
    pretrain(source, documents, schedule, tmp_path / "b", checkpoint=state, **sizes)
    assert "other texts, settings or weights" in capsys.readouterr().err


# texts and settings that do not fit


def test_texts_in_a_script_that_the_vocabulary_lacks_are_an_error(bert, tmp_path):
    with pytest.raises(TastegraphError, match="nothing to learn from"):
        pretrain(
            bert,
            [TextDocument(("电影", "很好"))] * 3,
            TrainingSchedule(1, 1e-3),
            tmp_path / "x",
            **SMALL,
        )


@pytest.mark.parametrize(
    "documents", [[], [TextDocument(())], [TextDocument(("", " \n", "\u3000"))] * 3]
)
@pytest.mark.parametrize("kind", ["bert", "gpt", "xlnet"])
def test_no_texts_are_an_error(kind, request, tmp_path, documents):
    with pytest.raises(TastegraphError, match="nothing to learn from"):
        pretrain(
            request.getfixturevalue(kind),
            documents,
            TrainingSchedule(1, 1e-3),
            tmp_path / "x",
            **SMALL,
        )
    assert not (tmp_path / "x").exists()


ODD = {
    "one document": CORPUS[:1],
    "one word": [TextDocument(("film",))],
    "100,000 characters": [TextDocument(("red film " * 11_000,), ("red film",))],
    "emoji and controls": [
        TextDocument(("🎬\U0001f468\u200d👩 film", "\x00\x07film\ud800", "\x00"), ("🎬", "\ud800")),
        TextDocument(("مرحبا film 电影", "ﬁlm Ǆ İ"), ("İ", "电影")),
    ],
}


@pytest.mark.parametrize("kind", ["bert", "gpt", "xlnet"])
@pytest.mark.parametrize("documents", ODD.values(), ids=ODD)
def test_odd_texts_can_be_trained_on(kind, request, tmp_path, documents):
    source = request.getfixturevalue(kind)
    report = pretrain(source, documents, TrainingSchedule(2, 1e-3), tmp_path / "x", **SMALL)
    assert (tmp_path / "x" / "model.safetensors").is_file()
    assert report.trained + report.held_out == len(documents)
    if len(documents) == 1:
        assert report.after is None
    else:
        assert math.isfinite(report.after.perplexity)


def test_a_tenth_is_held_out_by_the_seed():
    training, held_out = split_documents(CORPUS, 1)
    assert (len(training), len(held_out)) == (360, 40)
    assert {id(d) for d in training}.isdisjoint(map(id, held_out))
    assert split_documents(CORPUS, 1) == (training, held_out)
    assert split_documents(CORPUS, 2)[1] != held_out
    assert [len(part) for part in split_documents(CORPUS[:2], 1)] == [1, 1]
    assert [len(part) for part in split_documents(CORPUS[:1], 1)] == [1, 0]


def test_settings_that_do_not_fit_are_errors(bert, tmp_path):
    def attempt(source=bert, into=tmp_path / "x", **changes):
        pretrain(source, CORPUS, TrainingSchedule(1, 1e-3), into, **(SMALL | changes))

    with pytest.raises(ConfigError, match="max_tokens 33: 8 to 32"):
        attempt(max_tokens=33)
    with pytest.raises(ConfigError, match="max_tokens 7"):
        attempt(max_tokens=7)
    with pytest.raises(ConfigError, match="batch_size 0"):
        attempt(batch_size=0)
    with pytest.raises(NotFoundError, match="no language model"):
        attempt(tmp_path / "nowhere")
    with pytest.raises(TastegraphError, match="is there already"):
        attempt(into=bert)
    (tmp_path / "empty").mkdir()
    with pytest.raises(AssetError, match="cannot be read"):
        attempt(tmp_path / "empty")
    RobertaModel(RobertaConfig(
        vocab_size=10, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
        intermediate_size=8,
    )).save_pretrained(tmp_path / "roberta")  # fmt: skip
    AutoTokenizer.from_pretrained(bert).save_pretrained(tmp_path / "roberta")
    with pytest.raises(ConfigError, match="'roberta' cannot be pre-trained"):
        attempt(tmp_path / "roberta")


# from scratch


def test_a_model_from_scratch_is_the_same_in_every_process(bert, tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.text.finetune.test_pretraining import CORPUS\n"
        "from tastegraph.text.finetune.scratch import from_scratch\n"
        "texts = [s for d in CORPUS for s in d.sentences]\n"
        "from_scratch(texts, Path(sys.argv[1]), layers=2, width=64, vocabulary=200, max_tokens=32)"
    )
    subprocess.run(
        [sys.executable, "-c", code, tmp_path / "b"], cwd=Path(__file__).parents[3], check=True
    )
    for file in ("tokenizer.json", "model.safetensors"):
        assert (tmp_path / "b" / file).read_bytes() == (bert / file).read_bytes()


def test_what_cannot_be_made_from_scratch_is_told_of(tmp_path):
    with pytest.raises(ConfigError, match="width 100: a multiple of 64"):
        from_scratch(["a"], tmp_path / "x", width=100)
    with pytest.raises(TastegraphError, match="no words"):
        from_scratch(["", " "], tmp_path / "x")
    with pytest.raises(TastegraphError, match="is there already"):
        from_scratch(["a"], tmp_path)
    assert not (tmp_path / "x").exists()
