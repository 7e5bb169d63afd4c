"""Pre-training: quality after training, resumed runs, and what cannot be trained."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoTokenizer,
    RobertaConfig,
    RobertaModel,
)

from tastegraph.core.errors import AssetError, ConfigError, NotFoundError, TastegraphError
from tastegraph.data import downloads as assets
from tastegraph.store import caches
from tastegraph.store.database import Database
from tastegraph.text.encoder import Encoder
from tastegraph.text.finetune import pretrained
from tastegraph.text.finetune.corpus import (
    TextDocument,
)
from tastegraph.text.finetune.loop import TrainingSchedule
from tastegraph.text.finetune.pretraining import pretrain
from tastegraph.text.finetune.scratch import from_scratch
from tests.support.tiny_corpus import CORPUS, FEW, SMALL

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def minilm():
    try:
        return assets.find("all-MiniLM-L6-v2", announce=lambda text: None)
    except AssetError as error:
        pytest.skip(str(error))


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
from tests.support.tiny_corpus import FEW, SMALL
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
        "from tests.support.tiny_corpus import CORPUS\n"
        "from tastegraph.text.finetune.scratch import from_scratch\n"
        "texts = [s for d in CORPUS for s in d.sentences]\n"
        "from_scratch(texts, Path(sys.argv[1]), layers=2, width=64, vocabulary=200, max_tokens=32)"
    )
    subprocess.run(
        [sys.executable, "-c", code, tmp_path / "b"], cwd=Path(__file__).parents[3], check=True
    )
    for file in ("tokenizer.json", "model.safetensors"):
        assert (tmp_path / "b" / file).read_bytes() == (bert / file).read_bytes()


def test_settings_that_do_not_fit_a_model_from_scratch_are_errors(tmp_path):
    with pytest.raises(ConfigError, match="width 100: a multiple of 64"):
        from_scratch(["a"], tmp_path / "x", width=100)
    with pytest.raises(TastegraphError, match="no words"):
        from_scratch(["", " "], tmp_path / "x")
    with pytest.raises(TastegraphError, match="is there already"):
        from_scratch(["a"], tmp_path)
    assert not (tmp_path / "x").exists()
