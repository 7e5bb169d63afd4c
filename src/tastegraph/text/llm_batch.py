"""Many requests to a large language model: cached, concurrent, and within a token budget."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from hashlib import sha256

from tastegraph.core.config import LLMConfig, LLMPrices
from tastegraph.core.errors import AnswerError, EndpointError
from tastegraph.core.progress import progress
from tastegraph.store import caches
from tastegraph.store.caches import LLMAnswer
from tastegraph.store.database import Database
from tastegraph.text.llm import LLMClient, LLMRequest

MAX_FAILURES = 5
"""A run stops after so many requests in a row without a usable answer."""


@dataclass
class LLMUsage:
    """What a run used.

    Attributes:
        requests: all of the run.
        cached: of these, answered by an earlier run.
        answered: of these, answered in this run.
        left: of these, without an answer after the run.
        prompt_tokens: read by the model in this run.
        completion_tokens: written by the model in this run.
        seconds: duration of the run.
        cost: in the currency of the prices; ``None`` where no prices are configured.
        failed: requests without a usable answer, by reason.
        stopped: why the run ended before its last request, or empty.
    """

    requests: int = 0
    cached: int = 0
    answered: int = 0
    left: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    cost: float | None = None
    failed: Counter[str] = field(default_factory=Counter)
    stopped: str = ""

    def in_words(self) -> str:
        """One line for the terminal."""
        cost = "" if self.cost is None else f", cost {self.cost:.4f}"
        reasons = ", ".join(f"{n} {reason}" for reason, n in self.failed.most_common())
        failed = f"; failed: {reasons}" if reasons else ""
        stopped = f"; stopped: {self.stopped}" if self.stopped else ""
        return (
            f"{self.requests:,} texts ({self.cached:,} answered before, {self.left:,} left), "
            f"{self.prompt_tokens:,} + {self.completion_tokens:,} tokens in {self.seconds:.0f} s"
            f"{cost}{failed}{stopped}"
        )


@dataclass(frozen=True)
class UsageEstimate:
    """What a run would use, estimated without a request.

    Attributes:
        requests: all of the run.
        cached: of these, answered by an earlier run.
        prompt_tokens: estimated at four bytes of text a token.
        completion_tokens: upper bound, if every answer were ``max_tokens`` long.
        cost: of both, hence an upper bound; ``None`` where no prices are configured.
    """

    requests: int
    cached: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None

    def in_words(self) -> str:
        """One line for the terminal."""
        cost = "" if self.cost is None else f", at most {self.cost:.2f}"
        return (
            f"{self.requests:,} texts, {self.cached:,} answered before; about "
            f"{self.prompt_tokens:,} tokens to read and at most {self.completion_tokens:,} to "
            f"write{cost}; nothing was asked"
        )


class TokenBudget:
    """Tokens that a run may still use: reserved before a request, settled after its answer.

    Args:
        limit: in tokens; ``None`` for no limit.
    """

    def __init__(self, limit: int | None) -> None:
        self._left = limit

    def reserve(self, tokens: int) -> bool:
        """Set ``tokens`` aside; ``False``, without effect, where fewer are left."""
        if self._left is None:
            return True
        if tokens > self._left:
            return False
        self._left -= tokens
        return True

    def settle(self, reserved: int, used: int) -> None:
        """Replace a reservation by the tokens that were used."""
        if self._left is not None:
            self._left += reserved - used


class CachedLLM:
    """Sends requests and stores their answers; a failed request is sent again by the next run.

    Args:
        client: of the model.
        cache: a database of :data:`tastegraph.store.caches.answer_metadata`.

    Attributes:
        usage: of the last run, also of one that ended with an error.
    """

    def __init__(self, client: LLMClient, cache: Database) -> None:
        self._client, self._config, self._cache = client, client.config, cache
        self.usage = LLMUsage()

    def complete(self, requests: Sequence[LLMRequest]) -> list[LLMAnswer | None]:
        """The answer to each request, ``None`` where there is none.

        Raises:
            EndpointError: the endpoint cannot be used, or no request at all has an answer. The
                answers that it gave before are in the cache.
        """
        start = time.monotonic()
        keys = [_key(self._client.model, request) for request in requests]
        with self._cache.writing() as connection:
            caches.record_subjects(
                connection, zip(keys, (each.about for each in requests), strict=True)
            )
        known = _stored_answers(self._cache, keys)
        self.usage = usage = LLMUsage(len(requests), sum(key in known for key in keys))
        open_requests = {k: r for k, r in zip(keys, requests, strict=True) if k not in known}
        failure: EndpointError | AnswerError | None = None
        try:
            failure = self._send(open_requests)
        except EndpointError as error:
            failure = error
        finally:
            known |= _stored_answers(self._cache, list(open_requests))
            usage.left = sum(key not in known for key in keys)
            usage.seconds = time.monotonic() - start
            usage.cost = cost(self._config.prices, usage.prompt_tokens, usage.completion_tokens)
        if isinstance(failure, EndpointError) or (failure is not None and not known):
            raise EndpointError(
                f"{failure}. {usage.left} of {usage.requests} questions are left; the answers to "
                "the others are kept: run again to go on"
            ) from failure
        return [known.get(key) for key in keys]

    def cached(self, requests: Sequence[LLMRequest]) -> list[LLMAnswer | None]:
        """The stored answer to each request; nothing is sent."""
        keys = [_key(self._client.model, request) for request in requests]
        known = _stored_answers(self._cache, keys)
        return [known.get(key) for key in keys]

    def _send(self, requests: Mapping[bytes, LLMRequest]) -> AnswerError | None:
        """Send, store, count; the last failure."""
        failure: AnswerError | None = None
        failures_in_a_row = 0
        with (
            progress("asking the language model", len(requests)) as advance,
            ThreadPoolExecutor(self._config.concurrency) as pool,
        ):
            for outcome in self._outcomes(pool, requests):
                if isinstance(outcome, AnswerError):
                    failure = outcome
                    failures_in_a_row += 1
                    self.usage.failed[outcome.reason] += 1
                    if failures_in_a_row == MAX_FAILURES:
                        self.usage.stopped = (
                            f"{MAX_FAILURES} failures in a row, the last: {outcome}"
                        )
                        break
                else:
                    failures_in_a_row = 0
                advance(1)
        return failure

    def _outcomes(
        self, pool: ThreadPoolExecutor, requests: Mapping[bytes, LLMRequest]
    ) -> Iterator[LLMAnswer | AnswerError]:
        budget = TokenBudget(self._config.budget)
        reservations: dict[Future[LLMAnswer], int] = {}

        def next_outcome() -> LLMAnswer | AnswerError:
            future = next(iter(wait(reservations, return_when=FIRST_COMPLETED).done))
            reserved = reservations.pop(future)
            try:
                answer = future.result()
            except AnswerError as error:
                # The cost of a failed answer is unknown; its reservation stays spent.
                return error
            budget.settle(reserved, answer.prompt_tokens + answer.completion_tokens)
            self.usage.answered += 1
            self.usage.prompt_tokens += answer.prompt_tokens
            self.usage.completion_tokens += answer.completion_tokens
            return answer

        for key, request in requests.items():
            tokens = request.estimated_tokens + self._config.max_tokens
            while not budget.reserve(tokens):
                if not reservations:
                    self.usage.stopped = (
                        f"the budget of {self._config.budget:,} tokens has no room for another "
                        f"question, which may take {tokens:,}"
                    )
                    return
                yield next_outcome()
            reservations[pool.submit(self._answer, key, request)] = tokens
            if len(reservations) == self._config.concurrency:
                yield next_outcome()
        while reservations:
            yield next_outcome()

    def _answer(self, key: bytes, request: LLMRequest) -> LLMAnswer:
        answer = self._client.complete(request)
        with self._cache.writing() as connection:
            caches.put_answer(connection, key, answer)
        return answer


def estimate_usage(
    config: LLMConfig, requests: Sequence[LLMRequest], cache: Database
) -> UsageEstimate:
    """What :meth:`CachedLLM.complete` would use; nothing is sent.

    Args:
        config: names the model, the longest answer and the prices.
        requests: of the run.
        cache: as of :class:`CachedLLM`.
    """
    keys = [_key(config.model or "", request) for request in requests]
    known = _stored_answers(cache, keys)
    open_requests = {k: r for k, r in zip(keys, requests, strict=True) if k not in known}
    prompt_tokens = sum(request.estimated_tokens for request in open_requests.values())
    completion_tokens = len(open_requests) * config.max_tokens
    return UsageEstimate(
        requests=len(requests),
        cached=sum(key in known for key in keys),
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        cost=cost(config.prices, prompt_tokens, completion_tokens),
    )


def cost(prices: LLMPrices | None, prompt_tokens: int, completion_tokens: int) -> float | None:
    """The price of these tokens; ``None`` where no prices are configured."""
    if prices is None:
        return None
    return (prompt_tokens * prices.prompt + completion_tokens * prices.completion) / 1e6


def _key(model: str, request: LLMRequest) -> bytes:
    content = json.dumps([model, request.messages, request.schema], sort_keys=True)
    return sha256(content.encode()).digest()


def _stored_answers(cache: Database, keys: Sequence[bytes]) -> dict[bytes, LLMAnswer]:
    with cache.writing():
        pass  # Creates the tables where the database is new.
    with cache.reading() as connection:
        return caches.get_answers(connection, keys)
