"""Many questions to a language model: nothing twice, within a budget, and kept as answers come."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from hashlib import sha256

from tastegraph.core.config import LLM
from tastegraph.core.errors import AnswerError, EndpointError
from tastegraph.core.progress import progress
from tastegraph.store import answers
from tastegraph.store.answers import Answer
from tastegraph.store.database import Database
from tastegraph.text.budget import Budget, Plan, Usage, cost
from tastegraph.text.endpoint import Endpoint, Question

FAILURES = 5
"""So many questions in a row without a usable answer stop a run."""


class Asker:
    """Asks questions and keeps the answers; failures are not kept, and asked again next time.

    Args:
        cache: a database of :data:`tastegraph.store.answers.metadata`.

    Attributes:
        usage: of the last run, also of one that ended with an error.
    """

    def __init__(self, endpoint: Endpoint, cache: Database) -> None:
        self._endpoint, self._told, self._cache = endpoint, endpoint.told, cache
        self.usage = Usage()

    def ask(self, questions: Sequence[Question]) -> list[Answer | None]:
        """An answer to each question, ``None`` where there is none.

        Raises:
            EndpointError: the endpoint cannot be used, or no question at all has an answer. What
                it answered before is kept.
        """
        began = time.monotonic()
        keys = [_key(self._endpoint.model, question) for question in questions]
        with self._cache.writing() as connection:
            answers.note(connection, zip(keys, (each.about for each in questions), strict=True))
        known = _kept(self._cache, keys)
        self.usage = usage = Usage(len(questions), sum(key in known for key in keys))
        waiting = {k: q for k, q in zip(keys, questions, strict=True) if k not in known}
        fault: EndpointError | AnswerError | None = None
        try:
            fault = self._ask(waiting)
        except EndpointError as error:
            fault = error
        finally:
            known |= _kept(self._cache, list(waiting))
            usage.left = sum(key not in known for key in keys)
            usage.seconds = time.monotonic() - began
            usage.cost = cost(self._told.prices, usage.prompt_tokens, usage.completion_tokens)
        if isinstance(fault, EndpointError) or (fault is not None and not known):
            raise EndpointError(
                f"{fault}. {usage.left} of {usage.questions} questions are left; the answers to "
                "the others are kept: run again to go on"
            ) from fault
        return [known.get(key) for key in keys]

    def kept(self, questions: Sequence[Question]) -> list[Answer | None]:
        """The answer that each question had before; nothing is asked."""
        keys = [_key(self._endpoint.model, question) for question in questions]
        known = _kept(self._cache, keys)
        return [known.get(key) for key in keys]

    def _ask(self, waiting: Mapping[bytes, Question]) -> AnswerError | None:
        """Ask, keep, count; the last failure."""
        last: AnswerError | None = None
        in_a_row = 0
        with (
            progress("asking the language model", len(waiting)) as advance,
            ThreadPoolExecutor(self._told.concurrency) as pool,
        ):
            for outcome in self._outcomes(pool, waiting):
                if isinstance(outcome, AnswerError):
                    last = outcome
                    in_a_row += 1
                    self.usage.failed[outcome.reason] += 1
                    if in_a_row == FAILURES:
                        self.usage.stopped = f"{FAILURES} failures in a row, the last: {outcome}"
                        break
                else:
                    in_a_row = 0
                advance(1)
        return last

    def _outcomes(
        self, pool: ThreadPoolExecutor, waiting: Mapping[bytes, Question]
    ) -> Iterator[Answer | AnswerError]:
        budget = Budget(self._told.budget)
        running: dict[Future[Answer], int] = {}

        def next_outcome() -> Answer | AnswerError:
            future = next(iter(wait(running, return_when=FIRST_COMPLETED).done))
            reserved = running.pop(future)
            try:
                answer = future.result()
            except AnswerError as error:
                # What a failed answer cost is not told; its reservation stays spent.
                return error
            used = answer.prompt_tokens + answer.completion_tokens
            budget.settle(reserved, used)
            self.usage.asked += 1
            self.usage.prompt_tokens += answer.prompt_tokens
            self.usage.completion_tokens += answer.completion_tokens
            return answer

        for key, question in waiting.items():
            most = question.tokens + self._told.max_tokens
            while not budget.reserve(most):
                if not running:
                    self.usage.stopped = (
                        f"the budget of {self._told.budget:,} tokens has no room for another "
                        f"question, which may take {most:,}"
                    )
                    return
                yield next_outcome()
            running[pool.submit(self._answer, key, question)] = most
            if len(running) == self._told.concurrency:
                yield next_outcome()
        while running:
            yield next_outcome()

    def _answer(self, key: bytes, question: Question) -> Answer:
        answer = self._endpoint.ask(question)
        with self._cache.writing() as connection:
            answers.put(connection, key, answer)
        return answer


def plan(told: LLM, questions: Sequence[Question], cache: Database) -> Plan:
    """What asking ``questions`` would use; no request is made."""
    keys = [_key(told.model or "", question) for question in questions]
    known = _kept(cache, keys)
    waiting = {k: q for k, q in zip(keys, questions, strict=True) if k not in known}
    read = sum(question.tokens for question in waiting.values())
    written = len(waiting) * told.max_tokens
    return Plan(
        questions=len(questions),
        cached=sum(key in known for key in keys),
        prompt_tokens=read,
        completion_tokens=written,
        cost=cost(told.prices, read, written),
    )


def _key(model: str, question: Question) -> bytes:
    asked = json.dumps([model, question.messages, question.schema], sort_keys=True)
    return sha256(asked.encode()).digest()


def _kept(cache: Database, keys: Sequence[bytes]) -> dict[bytes, Answer]:
    with cache.writing():
        pass
    with cache.reading() as connection:
        return answers.get(connection, keys)
