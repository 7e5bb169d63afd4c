"""A language model proposes, the graph decides; a dead model means a plain reading that says so."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from benchmarks.wishes.graphs import shop_parser

from tastegraph.core.config import Config, LLMConfig
from tastegraph.core.errors import AnswerError
from tastegraph.serving.wishes.proposals import with_proposals
from tastegraph.store.caches import LLMAnswer
from tests.support import serving_world
from tests.support.serving_world import free_port

PARSER = shop_parser()
WISH = "something cosy for a snowy night, no red"


@dataclass
class Model:
    """A model that answers with a text, or fails."""

    text: str | None
    prompt: str = ""

    def complete(self, request):
        self.prompt = request.messages[1][1]
        if self.text is None:
            raise AnswerError("TIMEOUT", "it was silent")
        return LLMAnswer(self.text, 1, 1)


def proposed(answer):
    model = Model(answer if answer is None else json.dumps(answer))
    steering = with_proposals(PARSER.parse(WISH), WISH, PARSER, model, "en")
    return [(c.direction, c.label) for c in steering.parsed], steering.notes, model


def test_only_what_the_graph_has_is_taken():
    names = [("more", "wool"), ("more", "fireplaces"), ("never", "red")]
    answer = {"wishes": [{"direction": d, "name": n} for d, n in names]}
    chips, (note,), model = proposed(answer)
    assert chips == [("never", "red"), ("more", "wool")]
    assert "more wool" in note
    assert WISH in model.prompt


@pytest.mark.parametrize(
    "answer",
    [None, [], {}, {"wishes": 7}, {"wishes": [1, {"direction": "sudo", "name": "red"}]},
     {"wishes": [{"direction": "more", "name": "x" * 9999}]},
     {"wishes": [{"direction": "more", "name": ["wool"]}]}],
)  # fmt: skip
def test_a_silent_or_mad_model_changes_nothing_and_that_is_said(answer):
    chips, notes, _ = proposed(answer)
    assert chips == [("never", "red")]
    assert len(notes) == 1


def test_a_dead_endpoint_means_a_plain_reading(tmp_path):
    engine = serving_world.open_engine(tmp_path)
    endpoint = f"http://127.0.0.1:{free_port()}/v1"
    engine.steerer._config = Config(
        llm=LLMConfig(endpoint=endpoint, model="none", timeout=2, max_retries=0)
    )
    steering = engine.read_wish("more western, zorp", propose=True)
    assert [chip.label for chip in steering.parsed] == ["Western"]
    assert "without it" in steering.notes[0]
    assert engine.recommend("western-0", steer="zorp").steer.notes == ()
    engine.steerer._config = Config()
    assert "configured" in engine.read_wish("zorp", propose=True).notes[0]
    engine.close()
