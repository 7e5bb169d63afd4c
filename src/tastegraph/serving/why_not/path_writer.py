"""Asks the configured language model to word paths: for an explanation alone, and not for long."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as LateError

from tastegraph.core.config import LLMConfig
from tastegraph.core.errors import TastegraphError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.explain.explained import ExplainedReason
from tastegraph.explain.path_wording import (
    PathWords,
    fault_in,
    sentences_in,
    wording_request,
)
from tastegraph.serving.wishes.proposals import Completes
from tastegraph.text.llm import object_in

MAX_PATHS = 5
"""Paths of one explanation that are worded, those with the largest shares."""
MAX_WAITING = 4
"""Requests to the language model at the same time; further ones get the template."""
_log = logging.getLogger(__name__)


class PathWriter:
    """Words the paths of reasons by a language model; thread-safe.

    Args:
        config: the section ``[llm]``.
        client: makes a client of it; by default :class:`~tastegraph.text.llm.LLMClient`.
    """

    def __init__(
        self, config: LLMConfig, client: Callable[[LLMConfig], Completes] | None = None
    ) -> None:
        self._config, self._new_client = config, client or _client
        self._slots, self._lock = threading.Semaphore(MAX_WAITING), threading.Lock()
        self._client: Completes | None = None

    def worded(
        self,
        reasons: Sequence[ExplainedReason],
        paths: Sequence[PathWords | None],
        language: Language,
    ) -> tuple[ExplainedReason, ...]:
        """The reasons, those with a path in the words of the model where these may be said.

        Args:
            reasons: by their templates.
            paths: of each what a sentence must say; ``None`` where there is none to word.
            language: of the notes.
        """
        places = [k for k, path in enumerate(paths) if path is not None][:MAX_PATHS]
        chosen = [path for k in places if (path := paths[k]) is not None]
        sentences: list[object] = [None] * len(chosen)
        problem = None
        if chosen:
            sentences, problem = self._sentences(chosen)
        answers = list(reasons)
        for k, reason in enumerate(reasons):
            if k not in places:
                key = "wording.no_path" if paths[k] is None else "wording.too_many"
                answers[k] = _noted(reason, Message(key), language)
        for k, path, sentence in zip(places, chosen, sentences, strict=True):
            note = problem
            if note is None and (fault := fault_in(sentence, path)) is not None:
                note = Message(fault)
            if note is not None:
                answers[k] = _noted(reasons[k], note, language)
                continue
            answers[k] = reasons[k].model_copy(
                update={"text": str(sentence).strip(), "wording": "llm", "template": path.template}
            )
        return tuple(answers)

    def _sentences(self, paths: Sequence[PathWords]) -> tuple[list[object], Message | None]:
        """A sentence for each path, or why there is none."""
        nothing: list[object] = [None] * len(paths)
        if self._config.endpoint is None or self._config.model is None:
            return nothing, Message("wording.not_configured")
        try:
            client = self._ready_client()  # the first time this imports what talks to the endpoint
        except TastegraphError as error:
            _log.warning("no wording of paths: %s", error)
            return nothing, Message("wording.no_answer")
        if not self._slots.acquire(blocking=False):
            return nothing, Message("wording.busy")
        answer: Future[str] = Future()

        def ask() -> None:
            try:
                answer.set_result(client.complete(wording_request(paths)).text)
            except Exception as error:
                answer.set_exception(error)
            finally:
                self._slots.release()

        threading.Thread(target=ask, name="path-writer", daemon=True).start()
        seconds = self._config.wording_seconds
        try:
            return sentences_in(object_in(answer.result(timeout=seconds)), len(paths)), None
        except LateError:
            return nothing, Message("wording.late", seconds=f"{seconds:g}")
        except TastegraphError as error:
            _log.warning("no wording of paths: %s", error)
            return nothing, Message("wording.no_answer")

    def _ready_client(self) -> Completes:
        with self._lock:
            if self._client is None:
                config = self._config
                limit = min(config.timeout, config.wording_seconds)
                update = {"timeout": limit, "max_retries": 0}
                self._client = self._new_client(config.model_copy(update=update))
            return self._client


def _client(config: LLMConfig) -> Completes:
    from tastegraph.text.llm import LLMClient

    return LLMClient(config)


def _noted(reason: ExplainedReason, note: Message, language: Language) -> ExplainedReason:
    return reason.model_copy(update={"wording_note": note.text(language)})
