"""A large language model behind any OpenAI-compatible endpoint: one question, one JSON answer."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from tastegraph.core.config import LLM
from tastegraph.core.errors import AnswerError, ConfigError, EndpointError, TastegraphError
from tastegraph.core.progress import say
from tastegraph.store.answers import Answer
from tastegraph.text.budget import tokens

if TYPE_CHECKING:
    from openai import APIError
    from openai.types.chat import ChatCompletion

FORMATS = ("json_schema", "json_object", "text")
"""How closely an endpoint can be held to a schema, best first."""
SHOWN = 300


class Question(NamedTuple):
    """Messages (role, content) and the JSON schema of the answer.

    ``about`` is whom or what they are about, ``user:ID`` or ``item:ID``: never sent, and the answer
    is kept no longer than they are.
    """

    messages: tuple[tuple[str, str], ...]
    schema: Mapping[str, Any]
    about: str = ""

    @property
    def tokens(self) -> int:
        """How many tokens the model will read, estimated."""
        return tokens(*(text for _, text in self.messages))


class Endpoint:
    """A model to ask, as ``[llm]`` of the configuration names it; safe to share by threads.

    Raises:
        ConfigError: the endpoint, the model or the key's variable is not set.
        TastegraphError: the package ``openai`` is not installed.
    """

    def __init__(self, told: LLM) -> None:
        if told.endpoint is None or told.model is None:
            raise ConfigError(
                "no language model to ask: name its endpoint and model under [llm] in "
                'tastegraph.toml: endpoint = "http://127.0.0.1:8080/v1", model = "NAME"'
            )
        self.told, self.model = told, told.model
        self._format = 0
        try:
            from openai import OpenAI
        except ImportError:
            raise TastegraphError(
                "asking a language model needs openai: pip install 'tastegraph[llm]'"
            ) from None
        self._client = OpenAI(
            base_url=told.endpoint,
            api_key=_key(told.api_key_variable),
            timeout=told.timeout,
            max_retries=told.max_retries,
        )

    def ask(self, question: Question) -> Answer:
        """What the model answers, at temperature 0; it holds a JSON object.

        An endpoint that refuses the schema is asked for any JSON object, then for text; the
        person is told once.

        Raises:
            AnswerError: there is none to this question, for the reason that the error names.
            EndpointError: no question can be answered: wrong key or model, or nobody is there.
        """
        refused: AnswerError | None = None
        for wanted in range(self._format, len(FORMATS)):
            try:
                completion = self._create(question, FORMATS[wanted])
            except AnswerError as error:
                if error.reason != "REFUSED":
                    raise
                refused = refused or error
                continue
            if wanted > self._format:
                self._format = wanted
                say(
                    f"warning: {self.told.endpoint} takes no response format "
                    f"{FORMATS[wanted - 1]!r}: {self.model} is not held to the schema, only asked "
                    f"to keep to it ({refused})"
                )
            return self._answer(completion, question)
        assert refused is not None
        raise refused

    def _create(self, question: Question, wanted: str) -> ChatCompletion:
        import openai

        messages: Any = [{"role": role, "content": text} for role, text in question.messages]
        response_format: Any = {"type": wanted}
        if wanted == "json_schema":
            described = {"name": "answer", "schema": question.schema, "strict": True}
            response_format["json_schema"] = described
        try:
            completion: ChatCompletion = self._client.chat.completions.create(
                model=self.model,
                messages=messages,
                response_format=response_format,
                temperature=0,
                seed=self.told.seed,
                max_tokens=self.told.max_tokens,
            )
        except openai.APIError as error:
            raise self._told(error) from error
        except ValueError as error:
            raise self._unreadable(str(error)) from error
        return completion

    def _answer(self, completion: ChatCompletion, question: Question) -> Answer:
        try:
            choice, usage = completion.choices[0], completion.usage
            text = (choice.message.content or "").encode("utf-8", "replace").decode()
        except (AttributeError, TypeError, IndexError):
            raise self._unreadable(repr(completion)) from None
        if choice.finish_reason == "length":
            raise AnswerError(
                "TRUNCATED",
                f"an answer was cut at {self.told.max_tokens} tokens: raise [llm] max_tokens",
            )
        object_in(text)
        # Some endpoints do not count, or only half of it.
        return Answer(
            text,
            getattr(usage, "prompt_tokens", None) or question.tokens,
            getattr(usage, "completion_tokens", None) or tokens(text),
        )

    def _unreadable(self, said: str) -> AnswerError:
        return AnswerError(
            "SERVER", f"{self.told.endpoint} gave no OpenAI-compatible answer: {_short(said)}"
        )

    def _told(self, error: APIError) -> TastegraphError:
        import openai

        where, said = self.told.endpoint, _short(str(error))
        if isinstance(error, openai.APITimeoutError):
            return AnswerError(
                "TIMEOUT",
                f"{where} was silent for {self.told.timeout:g} s: raise [llm] timeout, or lower "
                "max_tokens",
            )
        if isinstance(error, openai.APIResponseValidationError):
            return self._unreadable(said)
        if isinstance(error, openai.BadRequestError | openai.UnprocessableEntityError):
            return AnswerError("REFUSED", f"{where} refused the question: {said}")
        if isinstance(error, openai.InternalServerError):
            return AnswerError("SERVER", f"{where} failed: {said}")
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            variable = self.told.api_key_variable
            key = f"the key in {variable}" if variable else "no key; set [llm] api_key_variable"
            return EndpointError(f"{where} does not accept {key}: {said}")
        if isinstance(error, openai.NotFoundError):
            return EndpointError(f"{where} does not know the model {self.model!r}: {said}")
        if isinstance(error, openai.RateLimitError):
            return EndpointError(f"{where} takes no more requests: wait, then run again: {said}")
        if isinstance(error, openai.APIConnectionError):
            return EndpointError(f"{where} cannot be reached: is it running? {said}")
        return EndpointError(f"{where}: {said}")


def delimited(text: str) -> str:
    """``text`` between tags that it cannot close, since they carry its own hash."""
    plain = text.encode("utf-8", "replace").decode()
    code = sha256(plain.encode()).hexdigest()[:8]
    return f"<text {code}>\n{plain}\n</text {code}>"


def object_in(answer: str) -> dict[str, Any]:
    """The JSON object in an answer, whatever stands around it.

    Raises:
        AnswerError: it holds none.
    """
    try:
        found: dict[str, Any] = json.loads(answer[answer.find("{") : answer.rfind("}") + 1])
    except (ValueError, RecursionError):
        raise AnswerError("NOT_JSON", f"an answer is not JSON: {_short(answer)!r}") from None
    return found


def _key(variable: str | None) -> str:
    if variable is None:
        return "none"
    key = os.environ.get(variable)
    if not key:
        raise ConfigError(f"the environment variable {variable} holds no key: [llm] names it")
    return key


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
