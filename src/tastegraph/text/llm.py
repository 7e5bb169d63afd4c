"""Client of a large language model behind any OpenAI-compatible endpoint; answers are JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from tastegraph.core.config import LLMConfig
from tastegraph.core.errors import AnswerError, ConfigError, EndpointError, TastegraphError
from tastegraph.core.progress import say
from tastegraph.store.caches import LLMAnswer

if TYPE_CHECKING:
    from openai import APIError
    from openai.types.chat import ChatCompletion

RESPONSE_FORMATS = ("json_schema", "json_object", "text")
"""Of the OpenAI protocol, the strictest first."""
BYTES_PER_TOKEN = 4
"""A rule of thumb for English and Chinese: every model has its own tokenizer."""
MAX_EXCERPT = 300
"""Characters of an answer or a cause in an error text."""


class LLMRequest(NamedTuple):
    """One request to a language model.

    Attributes:
        messages: (role, content) pairs.
        schema: the JSON schema of the answer.
        about: the user or item whose data the messages hold, ``user:ID`` or ``item:ID``. It is
            not sent; the cached answer is deleted with that user or item.
    """

    messages: tuple[tuple[str, str], ...]
    schema: Mapping[str, Any]
    about: str = ""

    @property
    def estimated_tokens(self) -> int:
        """Tokens of the messages, estimated."""
        return estimated_tokens(*(text for _, text in self.messages))


class LLMClient:
    """The model that ``[llm]`` of the configuration names; threads may share a client.

    Attributes:
        config: the section ``[llm]``.
        model: name of the model.

    Raises:
        ConfigError: the endpoint, the model or the key's variable is not set.
        TastegraphError: the package ``openai`` is not installed.
    """

    def __init__(self, config: LLMConfig) -> None:
        if config.endpoint is None or config.model is None:
            raise ConfigError(
                "no language model to ask: name its endpoint and model under [llm] in "
                'tastegraph.toml: endpoint = "http://127.0.0.1:8080/v1", model = "NAME"'
            )
        self.config, self.model = config, config.model
        self._format = 0
        try:
            from openai import OpenAI
        except ImportError:
            raise TastegraphError(
                "asking a language model needs openai: pip install 'tastegraph[llm]'"
            ) from None
        self._client = OpenAI(
            base_url=config.endpoint,
            api_key=_key(config.api_key_variable),
            timeout=config.timeout,
            max_retries=config.max_retries,
        )

    def complete(self, request: LLMRequest) -> LLMAnswer:
        """The model's answer at temperature 0; its text holds a JSON object.

        Where the endpoint refuses the schema, any JSON object is requested instead, then plain
        text; the user is warned once.

        Raises:
            AnswerError: this request has no usable answer; the error names the reason.
            EndpointError: no request can succeed: a wrong key or model, or no service there.
        """
        refusal: AnswerError | None = None
        for number in range(self._format, len(RESPONSE_FORMATS)):
            try:
                completion = self._create(request, RESPONSE_FORMATS[number])
            except AnswerError as error:
                if error.reason != "REFUSED":
                    raise
                refusal = refusal or error
                continue
            if number > self._format:
                self._format = number
                say(
                    f"warning: {self.config.endpoint} takes no response format "
                    f"{RESPONSE_FORMATS[number - 1]!r}: {self.model} is not held to the schema, "
                    f"only asked to keep to it ({refusal})"
                )
            return self._answer(completion, request)
        assert refusal is not None
        raise refusal

    def _create(self, request: LLMRequest, response_type: str) -> ChatCompletion:
        import openai

        messages: Any = [{"role": role, "content": text} for role, text in request.messages]
        response_format: Any = {"type": response_type}
        if response_type == "json_schema":
            schema = {"name": "answer", "schema": request.schema, "strict": True}
            response_format["json_schema"] = schema
        try:
            completion: ChatCompletion = self._client.chat.completions.create(
                model=self.model,
                messages=messages,
                response_format=response_format,
                temperature=0,
                seed=self.config.seed,
                max_tokens=self.config.max_tokens,
            )
        except openai.APIError as error:
            raise self._error(error) from error
        except ValueError as error:
            raise self._unreadable(str(error)) from error
        return completion

    def _answer(self, completion: ChatCompletion, request: LLMRequest) -> LLMAnswer:
        try:
            choice, usage = completion.choices[0], completion.usage
            text = (choice.message.content or "").encode("utf-8", "replace").decode()
        except (AttributeError, TypeError, IndexError):
            raise self._unreadable(repr(completion)) from None
        if choice.finish_reason == "length":
            raise AnswerError(
                "TRUNCATED",
                f"an answer was cut at {self.config.max_tokens} tokens: raise [llm] max_tokens",
            )
        object_in(text)
        # Some endpoints report no token counts, or only one of them.
        return LLMAnswer(
            text,
            getattr(usage, "prompt_tokens", None) or request.estimated_tokens,
            getattr(usage, "completion_tokens", None) or estimated_tokens(text),
        )

    def _unreadable(self, content: str) -> AnswerError:
        return AnswerError(
            "SERVER", f"{self.config.endpoint} gave no OpenAI-compatible answer: {_short(content)}"
        )

    def _error(self, error: APIError) -> TastegraphError:
        import openai

        where, cause = self.config.endpoint, _short(str(error))
        if isinstance(error, openai.APITimeoutError):
            return AnswerError(
                "TIMEOUT",
                f"{where} was silent for {self.config.timeout:g} s: raise [llm] timeout, or lower "
                "max_tokens",
            )
        if isinstance(error, openai.APIResponseValidationError):
            return self._unreadable(cause)
        if isinstance(error, openai.BadRequestError | openai.UnprocessableEntityError):
            return AnswerError("REFUSED", f"{where} refused the question: {cause}")
        if isinstance(error, openai.InternalServerError):
            return AnswerError("SERVER", f"{where} failed: {cause}")
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            variable = self.config.api_key_variable
            key = f"the key in {variable}" if variable else "no key; set [llm] api_key_variable"
            return EndpointError(f"{where} does not accept {key}: {cause}")
        if isinstance(error, openai.NotFoundError):
            return EndpointError(f"{where} does not know the model {self.model!r}: {cause}")
        if isinstance(error, openai.RateLimitError):
            return EndpointError(f"{where} takes no more requests: wait, then run again: {cause}")
        if isinstance(error, openai.APIConnectionError):
            return EndpointError(f"{where} cannot be reached: is it running? {cause}")
        return EndpointError(f"{where}: {cause}")


def delimited(text: str) -> str:
    """``text`` between tags that it cannot close, since they carry its own hash.

    So instructions inside the text cannot pose as instructions of the prompt.
    """
    plain = text.encode("utf-8", "replace").decode()
    code = sha256(plain.encode()).hexdigest()[:32]
    return f"<text {code}>\n{plain}\n</text {code}>"


def object_in(answer: str) -> dict[str, Any]:
    """The JSON object in an answer, whatever text surrounds it.

    Raises:
        AnswerError: there is none.
    """
    try:
        content: dict[str, Any] = json.loads(answer[answer.find("{") : answer.rfind("}") + 1])
    except (ValueError, RecursionError):
        raise AnswerError("NOT_JSON", f"an answer is not JSON: {_short(answer)!r}") from None
    return content


def estimated_tokens(*texts: str) -> int:
    """Roughly how many tokens ``texts`` are: a quarter of their UTF-8 bytes, rounded up."""
    return -(-sum(len(text.encode("utf-8", "replace")) for text in texts) // BYTES_PER_TOKEN)


def _key(variable: str | None) -> str:
    if variable is None:
        return "none"
    key = os.environ.get(variable)
    if not key:
        raise ConfigError(f"the environment variable {variable} holds no key: [llm] names it")
    return key


def _short(text: str) -> str:
    return text if len(text) <= MAX_EXCERPT else text[: MAX_EXCERPT - 1] + "…"
