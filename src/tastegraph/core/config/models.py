"""Sections of the configuration on models: language models, ranking model and its evaluation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tastegraph.core.config.data import Fraction, Section
from tastegraph.core.durations import seconds

Reading = Literal["whole", "tokens"]


class TextConfig(Section):
    """The language model that encodes texts, and what it reads about an item."""

    encoder: str = "all-MiniLM-L6-v2"
    """Name of an asset, a folder of transformers or sentence-transformers, or ``owner/model`` on
    the Hugging Face hub."""
    max_tokens: int = Field(default=128, ge=8, le=512)
    """Longer texts are cut off after so many tokens."""
    reading: Reading = "whole"
    """``whole``: the language model reads each text. ``tokens``: it reads each token of its
    vocabulary once, and a text's vector is the weighted mean of its tokens' vectors: far faster,
    but the vectors say less."""
    facts: bool = False
    """Whether the text of an item also contains the facts of the graph about it."""
    shared_cache: bool = True
    """Whether vectors of texts are also kept in the user's cache folder, where other workspaces
    find those of the same text and model. Erasing an item deletes its vectors there too; deleting
    a workspace's folder does not."""
    descriptions: str | None = None
    """A JSON file, item id → text, that is read together with the item's own text."""


Objective = Literal["pretraining", "alignment", "co-engagement"]


class FinetuningConfig(Section):
    """How the language model is fine-tuned before it encodes texts; by default not at all."""

    objectives: tuple[Objective, ...] = ()
    """``pretraining`` on the texts and facts themselves, with the model's own objective;
    ``alignment`` of a text with the facts about its item; ``co-engagement``: items that the same
    users engage with get similar vectors."""
    entity_masking: bool = True
    """Whether pre-training masks whole names of entities."""
    pretraining_steps: int = Field(default=60, ge=1)
    """Number of batches of pre-training."""
    pretraining_rate: float = Field(default=5e-5, gt=0)
    """Learning rate of pre-training."""
    steps: int = Field(default=60, ge=1)
    """Number of batches of the other objectives, which are trained together."""
    rate: float = Field(default=3e-4, gt=0)
    """Learning rate of the other objectives."""
    batch_size: int = Field(default=64, ge=2)
    """Number of examples in a batch."""
    max_tokens: int = Field(default=64, ge=8, le=512)
    """Longer texts are cut off after so many tokens."""
    frozen_layers: int = Field(default=3, ge=0)
    """Number of the lowest layers that are not trained; the embeddings are never trained."""


class ExtractionConfig(Section):
    """How facts, and names that the graph does not know, are found in texts."""

    annotated: str | None = None
    """A file of annotated sentences, from which ``kg derive patterns`` learns to read relations
    between any two names. Each line is a JSON object, the form of Text2KGBench:
    ``{"sent": "Fargo was directed by Joel Coen.", "triples": [{"sub": "Fargo", "rel": "director",
    "obj": "Joel Coen"}]}``. A few dozen sentences with a relation are enough to begin with."""
    encode_topics: bool = False
    """Whether the encoder of ``[text]`` also judges topics: one that is no nearer to its text than
    to others is left out. That takes as long as encoding all texts, and needs what ``build``
    needs."""
    spacy: str | None = None
    """A spaCy pipeline: the name of an installed one, or its folder."""
    kinds: tuple[str, ...] = ("PERSON", "PER", "ORG", "GPE", "LOC", "WORK_OF_ART", "FAC", "EVENT")
    """Entity labels of the pipeline that are used."""
    confidence: Fraction = 0.4
    """Confidence of what it finds, in (0, 1]; below ``graph.min_confidence`` it is only offered for
    review."""


class LLMPrices(Section):
    """What a language-model service charges, to estimate costs."""

    prompt: float = Field(ge=0)
    """Price of a million tokens that are read."""
    completion: float = Field(ge=0)
    """Price of a million tokens that are written."""
    currency: str = "USD"
    """Currency of the prices."""


class LLMConfig(Section):
    """The large language model that extracts facts from texts and describes items."""

    endpoint: str | None = Field(default=None, pattern=r"^https?://[^\s@]+$")
    """Base address of any OpenAI-compatible service, such as ``http://127.0.0.1:8080/v1``."""
    model: str | None = Field(default=None, min_length=1)
    """Name of the model at the service."""
    api_key_variable: str | None = Field(default=None, pattern=r"^[A-Z_][A-Z0-9_]*$")
    """Name of the environment variable that holds the service's key."""
    timeout: float = Field(default=120, gt=0, le=3600)
    """Seconds that the service may take for a response."""
    wording_seconds: float = Field(default=5, gt=0, le=25)
    """Seconds that an explanation waits for the service's words for its paths, where a request asks
    for them; then the template's are taken."""
    max_tokens: int = Field(default=512, ge=16)
    """Largest number of tokens of an answer."""
    max_characters: int = Field(default=8000, ge=100)
    """Longer texts are cut off after so many characters."""
    max_retries: int = Field(default=3, ge=0, le=20)
    """How often a request is repeated if the service is busy or cannot be reached."""
    concurrency: int = Field(default=1, ge=1, le=64)
    """Number of requests at the same time."""
    budget: int | None = Field(default=None, ge=1)
    """Tokens, read and written, that one run may use; by default there is no limit. They are
    estimated before a request and counted after it."""
    prices: LLMPrices | None = None
    """Prices of the service."""
    confidence: float = Field(default=0.8, gt=0, le=1)
    """Confidence of every extracted fact: the precision of the model, where it is known."""
    seed: int = 1
    """Seed that is sent with every request."""


def checked_tuning(value: str | float) -> str:
    """``auto``, ``off`` or a duration.

    Raises:
        ValueError: it is none of them.
    """
    text = str(value).strip()
    if text not in ("auto", "off"):
        try:
            seconds(text)
        except ValueError:
            raise ValueError(f"{text!r} is neither auto nor off nor a duration like 10m") from None
    return text


Convolution = Literal["linear", "LGConv", "GCNConv", "RGCNConv", "GATConv"]


class ModelConfig(Section):
    """The ranking model; all other hyperparameters are chosen on validation data."""

    dimensions: int | None = Field(default=None, ge=4, le=1024)
    """Size of the graph network's vectors; by default it depends on the amount of data."""
    heads: int | None = Field(default=None, ge=1, le=16)
    """Number of networks side by side; by default it depends on the amount of data."""
    layers: int | None = Field(default=None, ge=0, le=6)
    """Number of propagation steps over the graph; by default one if events have an order."""
    convolution: Convolution | Literal["auto"] = "linear"
    """Kind of a propagation step: ``linear``, the normalized sum over neighbours, weighted by
    relation; ``LGConv``, the same with equal weights; ``GCNConv``, ``RGCNConv`` or ``GATConv``,
    layers of PyTorch Geometric with parameters and an activation; ``auto``, the best of them on
    validation data."""
    epochs: int = Field(default=80, ge=1)
    """Largest number of epochs; training stops early on validation data."""
    learning_rate: float = Field(default=0.01, gt=0)
    """Learning rate of the graph network."""
    temperature: float | None = Field(default=None, gt=0)
    """Temperature of the network's softmax; by default 0.2 and 0.1 are tried."""
    shrinkage: Literal["off", "auto"] = "auto"
    """How much of the network's vectors must come from facts and texts. ``off``: as much as
    training makes of it; ``auto``: what items have of their own is shrunk as strongly as validation
    data allow within a standard error."""
    history: int = Field(default=200, ge=1)
    """Number of a user's newest events that are used."""
    tune: Annotated[str, BeforeValidator(checked_tuning)] = "auto"
    """How settings are chosen on validation data. ``auto``: by the first build; a later one uses
    them again until events, users or items are 30 % more or fewer, or the configuration has
    changed. A duration such as ``10m``: by each build, for about so long. ``off``: those of the
    last build are used, or defaults."""
    budget: float = Field(default=0, ge=0)
    """Seconds in which further networks are tried on validation data."""
    seed: int = 1
    """Seed of all random numbers."""


class EvaluationConfig(Section):
    """How a recommender is evaluated."""

    split: Literal[
        "auto", "user-temporal", "global-temporal", "random", "leave-last-out", "given"
    ] = "auto"
    """How events are split into training, validation and test. ``given`` uses the events' own
    ``split`` column. ``auto`` does so if every like has one; otherwise it splits each user's events
    in time order, or at random (by a hash of user and item) if fewer than half of the events have
    a time."""
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1)
    """Fractions of training, validation and test events; not used by ``given`` and
    ``leave-last-out``."""
    cutoffs: tuple[int, ...] = (10, 20)
    """Lengths of the lists that metrics are computed of."""
    bootstrap: int = Field(default=1000, ge=100)
    """Number of bootstrap samples for confidence intervals."""
