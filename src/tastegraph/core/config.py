"""One typed file: ``tastegraph.toml``, read strictly so that a misspelt key is an error."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from tastegraph.core.errors import ConfigError
from tastegraph.core.languages import DEFAULT_LANGUAGE, Language
from tastegraph.core.progress import say
from tastegraph.core.records import IMPRESSION

CONFIG_FILE = "tastegraph.toml"
RENAMED_SECTIONS = {"teaching": "finetuning"}
"""Old name of a section → its name; old names are still read."""
RENAMED_KEYS = {("finetuning", "lessons"): "objectives", ("loop", "teach"): "finetune"}
"""(section, old name of a key) → its name; old names are still read."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Weight = Annotated[float, Field(ge=-1, le=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Convolution = Literal["linear", "LGConv", "GCNConv", "RGCNConv", "GATConv"]
_WEIGHTS: dict[str, Weight] = {
    "view": 0.3, "click": 0.5, "purchase": 1.0, "like": 1.0, "rating": 1.0,
    "dislike": -1.0, "skip": -0.3, "impression": 0.0,
}  # fmt: skip


class EventPhrases(_Section):
    """What a person did, as it is said of the item.

    Attributes:
        en: after the item's title: "which you added to the cart".
        zh: before it: 「你加入过购物车的」.
    """

    en: str | None = Field(default=None, min_length=1)
    zh: str | None = Field(default=None, min_length=1)


class EventsConfig(_Section):
    """How an event counts.

    Attributes:
        weights: event type → weight in [-1, 1]; for (> 0), against (< 0) or not at all (0).
            Those that are not named keep their default; further types may be named. An
            ``impression`` always weighs 0: it is what a list showed, not what a person did.
        positive_rating: a rating of at least this counts for, a lower one against. By default the
            scale is read from the ratings that there are, as
            :class:`~tastegraph.profiles.rating_scale.RatingScale` says: of 1 to 5 those from 4,
            of 1 to 10 those from 7, of 0 and 1, or −1 and 1, those of 1; counts are no ratings,
            each counts for its item, the more the higher.
        words: event type → how a reason says it, for types of one's own.
    """

    weights: dict[str, Weight] = _WEIGHTS
    positive_rating: float | None = None
    words: dict[str, EventPhrases] = {}

    @field_validator("weights", mode="after")
    @classmethod
    def _complete(cls, told: dict[str, float]) -> dict[str, float]:
        for name in told:
            if not re.fullmatch(r"[a-z][a-z0-9_.-]{0,63}", name):
                raise ValueError(f"{name!r} is no event type: lower-case letters, digits, _ . -")
        if told.get(IMPRESSION):
            raise ValueError(
                f"{IMPRESSION!r} can weigh nothing but 0: it is what a list showed, and not what "
                'the person did; name an event of your own, such as "dwell"'
            )
        return {**_WEIGHTS, **told}


class ColumnConfig(_Section):
    """An item column that becomes facts.

    Attributes:
        relation: name of the relation.
        entity: what kind of thing it names; two columns of one kind, such as "person" for
            director and actor, share their entities. By default the relation's name.
        separator: between values, in text formats.
        literal: whether it holds plain values (a year) rather than names of things.
    """

    relation: str
    entity: str | None = None
    separator: str = "|"
    literal: bool = False


class ItemsConfig(_Section):
    """Which item columns become facts; the others are kept as attributes."""

    facts: dict[str, ColumnConfig] = {}


class RelationConfig(_Section):
    """How one relation of the graph is read aloud, and whether it may be used.

    Attributes:
        phrase: the noun for its object: "director" in "same director as *Fargo*"; or what stands
            before it: "directed by", "mentions".
        phrase_zh: the same in Chinese: 「导演」, 「提到」.
        use: ``False`` keeps the facts but leaves them out of profiles and ranking.
        single: a thing has one: of several values the best supported counts.
    """

    phrase: str | None = None
    phrase_zh: str | None = None
    use: bool = True
    single: bool = False


class GraphConfig(_Section):
    """What the knowledge graph keeps.

    What names or describes an entity is kept as facts, and is neither node nor edge.

    Attributes:
        label_relations: relations whose literal object is the subject's name, best first.
        label_languages: of names by the same relation, which is taken; "" is untagged.
        alias_relations: relations whose literal object is a further name of the subject.
        description_relations: relations whose literal object says in words what the subject is.
        least_confidence: facts less sure are kept for review and not used.
        least_sameness: the same for what says that two ids are one thing.
    """

    label_relations: tuple[str, ...] = (
        "http://www.w3.org/2000/01/rdf-schema#label",
        "http://www.w3.org/2004/02/skos/core#prefLabel",
        "http://schema.org/name",
        "https://schema.org/name",
        "http://xmlns.com/foaf/0.1/name",
        "http://purl.org/dc/terms/title",
        "http://purl.org/dc/elements/1.1/title",
        "http://dbpedia.org/property/name",
        "http://rdf.freebase.com/ns/type.object.name",
        "rdfs:label",
        "skos:prefLabel",
        "type.object.name",
        "label",
        "name",
    )
    label_languages: tuple[str, ...] = ("", "en")
    alias_relations: tuple[str, ...] = (
        "http://www.w3.org/2004/02/skos/core#altLabel",
        "http://www.w3.org/2004/02/skos/core#hiddenLabel",
        "http://schema.org/alternateName",
        "https://schema.org/alternateName",
        "http://xmlns.com/foaf/0.1/nick",
        "http://purl.org/dc/terms/alternative",
        "http://dbpedia.org/ontology/alias",
        "http://dbpedia.org/property/alias",
        "http://rdf.freebase.com/ns/common.topic.alias",
        "skos:altLabel",
        "common.topic.alias",
        "alias",
    )
    description_relations: tuple[str, ...] = (
        "http://schema.org/description",
        "https://schema.org/description",
        "http://schema.org/abstract",
        "https://schema.org/abstract",
        "http://www.w3.org/2000/01/rdf-schema#comment",
        "http://www.w3.org/2004/02/skos/core#definition",
        "http://purl.org/dc/terms/description",
        "http://purl.org/dc/elements/1.1/description",
        "http://dbpedia.org/ontology/abstract",
        "http://rdf.freebase.com/ns/common.topic.description",
        "rdfs:comment",
        "common.topic.description",
        "description",
        "abstract",
    )

    least_confidence: Share = 0.5
    least_sameness: Share = 0.8

    @property
    def naming_relations(self) -> tuple[str, ...]:
        """All relations whose literals are names of their subject, the best first."""
        return (*self.label_relations, *self.alias_relations)

    @property
    def verbal_relations(self) -> frozenset[str]:
        """All relations whose literals name or describe their subject."""
        return frozenset((*self.naming_relations, *self.description_relations))


class SourcesConfig(_Section):
    """How far sources are believed.

    Attributes:
        trust: source → factor of the confidence of what it states; 1 for those not named.
    """

    trust: dict[str, Share] = {}


class TextConfig(_Section):
    """The language model, and what it reads of an item.

    Attributes:
        encoder: an asset's name, a folder of transformers or sentence-transformers, or
            ``owner/model`` on the hub.
        max_tokens: longer texts are cut.
        facts: whether what the graph says of an item is told in its text too.
        descriptions: a JSON file, item id → text, that is read beside an item's own text.
    """

    encoder: str = "all-MiniLM-L6-v2"
    max_tokens: int = Field(default=128, ge=8, le=512)
    facts: bool = False
    descriptions: str | None = None


Objective = Literal["pretraining", "alignment", "co-engagement"]


class FinetuningConfig(_Section):
    """How the language model is fine-tuned before it encodes texts; not at all by default.

    Attributes:
        objectives: ``pretraining`` on the texts and facts themselves, by the model's own objective;
            ``alignment`` of a text with what the graph says of its item; ``co-engagement``, that
            items the same people engage with are near each other.
        entity_masking: whether pre-training hides whole names.
        pretraining_steps: batches of ``batch_size`` examples.
        steps: batches of the other objectives, whose losses are added.
        frozen_layers: the lowest layers, with the embeddings, are not trained.
    """

    objectives: tuple[Objective, ...] = ()
    entity_masking: bool = True
    pretraining_steps: int = Field(default=60, ge=1)
    pretraining_rate: float = Field(default=5e-5, gt=0)
    steps: int = Field(default=60, ge=1)
    rate: float = Field(default=3e-4, gt=0)
    batch_size: int = Field(default=64, ge=2)
    max_tokens: int = Field(default=64, ge=8, le=512)
    frozen_layers: int = Field(default=3, ge=0)


class ExtractionConfig(_Section):
    """Names in texts that the graph does not know.

    Attributes:
        spacy: a spaCy pipeline that finds them: an installed one's name, or its folder.
        kinds: which of its labels count.
        confidence: of what it finds, in (0, 1]; below ``graph.least_confidence`` it is only
            asked about.
    """

    spacy: str | None = None
    kinds: tuple[str, ...] = ("PERSON", "PER", "ORG", "GPE", "LOC", "WORK_OF_ART", "FAC", "EVENT")
    confidence: Share = 0.4


class LLMPrices(_Section):
    """What an endpoint takes for a million tokens read (``prompt``) and written."""

    prompt: float = Field(ge=0)
    completion: float = Field(ge=0)
    currency: str = "USD"


class LLMConfig(_Section):
    """The large language model that reads facts from texts.

    Attributes:
        endpoint: base address of any OpenAI-compatible service, such as
            ``http://127.0.0.1:8080/v1``.
        api_key_variable: name of the environment variable that holds the key; none by default.
        timeout: seconds that the service may be silent.
        max_tokens: the longest answer.
        max_characters: longer texts are cut.
        max_retries: how often a request is repeated that found the service busy or gone.
        concurrency: requests at the same time.
        budget: tokens, read and written, that one run may use; no limit by default. Before a
            question they are estimated, after it they are counted.
        confidence: of every fact read, in (0, 1]: the model's precision where that is known.
    """

    endpoint: str | None = Field(default=None, pattern=r"^https?://[^\s@]+$")
    model: str | None = Field(default=None, min_length=1)
    api_key_variable: str | None = Field(default=None, pattern=r"^[A-Z_][A-Z0-9_]*$")
    timeout: float = Field(default=120, gt=0, le=3600)
    max_tokens: int = Field(default=512, ge=16)
    max_characters: int = Field(default=8000, ge=100)
    max_retries: int = Field(default=3, ge=0, le=20)
    concurrency: int = Field(default=1, ge=1, le=64)
    budget: int | None = Field(default=None, ge=1)
    prices: LLMPrices | None = None
    confidence: float = Field(default=0.8, gt=0, le=1)
    seed: int = 1


class ModelConfig(_Section):
    """The ranking model; what is not here is chosen on validation data.

    Attributes:
        dimensions: width of the graph network's vectors; by default what the data have room for.
        heads: networks beside one another; by default as many as the data have room for.
        layers: propagation steps over the graph; by default one where events have an order.
        convolution: what each of these steps is: ``linear``, the normalized sum over neighbours
            weighted by relation; ``LGConv``, the same with every edge alike; ``GCNConv``,
            ``RGCNConv`` or ``GATConv``, layers of PyTorch Geometric with parameters and an
            activation; ``auto``, the best of them on validation data.
        epochs: upper bound; training stops early on validation data.
        temperature: of the network's softmax; by default .2 and .1 are tried.
        history: newest events of a person that are attended to.
        budget: seconds in which further networks are tried on validation data.
    """

    dimensions: int | None = Field(default=None, ge=4, le=1024)
    heads: int | None = Field(default=None, ge=1, le=16)
    layers: int | None = Field(default=None, ge=0, le=6)
    convolution: Convolution | Literal["auto"] = "linear"
    epochs: int = Field(default=80, ge=1)
    learning_rate: float = Field(default=0.01, gt=0)
    temperature: float | None = Field(default=None, gt=0)
    history: int = Field(default=200, ge=1)
    budget: float = Field(default=0, ge=0)
    seed: int = 1


class EvaluationConfig(_Section):
    """How a recommender is judged.

    Attributes:
        split: ``given`` uses the events' own ``split`` column; ``auto`` does so where every like
            has one, and else splits each person's events in time order, or at random (by a hash
            of person and item) where fewer than half of the events have a time.
        fractions: train, valid, test; used by every split but ``given`` and ``leave-last-out``.
    """

    split: Literal[
        "auto", "user-temporal", "global-temporal", "random", "leave-last-out", "given"
    ] = "auto"
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1)
    cutoffs: tuple[int, ...] = (10, 20)
    bootstrap: int = Field(default=1000, ge=100)


class ServingConfig(_Section):
    """What the service does beside answering.

    Attributes:
        explore: ε in [0, 1], how often a slot of a list is given to an item that the model is
            unsure of; a request may ask for another share.
        new_items: share of the places of a list, its last ones, for items that nobody had an event
            on when the model was fitted; by default they stand where their score puts them.
        keep_lists: whether the lists that were shown are kept, with the chance of each item.
        exclude: event type → whether an item that a person has such an event on is left out of
            their lists; all types do that, but ``impression``, where nothing is said of them.
            With ``view = false``, what was only viewed may come again; what was viewed and
            bought may not.
        language: of reasons and messages where a request names none.
    """

    explore: float = Field(default=0.0, ge=0, le=1)
    new_items: float = Field(default=0.0, ge=0, le=1)
    keep_lists: bool = True
    exclude: dict[str, bool] = {}
    language: Language = DEFAULT_LANGUAGE

    @property
    def repeats(self) -> tuple[str, ...]:
        """The event types that leave an item in its person's lists, in alphabetical order."""
        told = {IMPRESSION: False, **self.exclude}
        return tuple(sorted(name for name, excludes in told.items() if not excludes))


class LoopConfig(_Section):
    """How the system learns from its own use.

    Attributes:
        every: new events after which a running service retrains; 0 for never.
        drift: retrain as well where lists are answered by so much less than they were, as a
            share; 0 for never.
        settled: seconds that a list is given to be answered, before it counts for ``drift``.
        refresh: whether a running service makes new items and facts count as soon as they come.
        finetune: whether retraining fine-tunes the language model anew, as ``[finetuning]`` says.
        support: people who must have liked two items for the graph to say that they go together;
            0 for no such facts.
        half_life: days after which such a liking counts half.
        witnesses: share of the people whose newest events a candidate is not told, to be judged
            by them; others each time.
        people: so many must be asked, together; a candidate whom fewer can judge is refused.
        tolerance: share of NDCG@10 that a candidate may lose, on the newest and earlier events.
        coverage: share of the coverage in service that it must keep.
        facts: share of the facts in service that its graph must hold.
        resemblance: how well what people liked since must be told from what they did not, as a
            share of how well that is done with what they liked before; 0 to ask nothing.
        slower, seconds: a list may take so many times as long, or so long anyway.
    """

    every: int = Field(default=0, ge=0)
    drift: float = Field(default=0.0, ge=0, lt=1)
    settled: float = Field(default=3600.0, ge=0)
    refresh: bool = True
    finetune: bool = False
    support: int = Field(default=0, ge=0)
    half_life: float = Field(default=90.0, gt=0)
    witnesses: float = Field(default=0.1, ge=0, le=0.5)
    people: int = Field(default=10, ge=1)
    tolerance: float = Field(default=0.03, ge=0, le=1)
    coverage: float = Field(default=0.5, ge=0, le=1)
    facts: float = Field(default=0.5, ge=0, le=1)
    resemblance: float = Field(default=0.5, ge=0, le=1)
    slower: float = Field(default=3.0, ge=1)
    seconds: float = Field(default=0.02, gt=0)


class Config(_Section):
    """Everything a workspace can be told."""

    name: str = "workspace"
    events: EventsConfig = EventsConfig()
    items: ItemsConfig = ItemsConfig()
    graph: GraphConfig = GraphConfig()
    sources: SourcesConfig = SourcesConfig()
    relations: dict[str, RelationConfig] = {}
    text: TextConfig = TextConfig()
    finetuning: FinetuningConfig = FinetuningConfig()
    extraction: ExtractionConfig = ExtractionConfig()
    llm: LLMConfig = LLMConfig()
    model: ModelConfig = ModelConfig()
    serving: ServingConfig = ServingConfig()
    loop: LoopConfig = LoopConfig()
    evaluation: EvaluationConfig = EvaluationConfig()

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, content: Any) -> Any:
        return with_current_names(content)[0] if isinstance(content, Mapping) else content

    @model_validator(mode="after")
    def _known_types(self) -> Config:
        for name in self.serving.exclude:
            if name not in self.events.weights:
                raise ValueError(
                    f"serving.exclude: there is no event type {name!r}; there are "
                    f"{', '.join(self.events.weights)}, and what [events.weights] adds"
                )
        return self


def with_current_names(content: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """``content`` of a configuration with old names replaced, and a notice for each.

    An old name beside the new one stays, and is an unknown key.
    """
    current, notices = dict(content), []
    for old, new in RENAMED_SECTIONS.items():
        if old in current and new not in current:
            current[new] = current.pop(old)
            notices.append(f"the section [{old}] is now called [{new}]")
    for (section, old), new in RENAMED_KEYS.items():
        keys = current.get(section)
        if isinstance(keys, Mapping) and old in keys and new not in keys:
            current[section] = {new if key == old else key: keys[key] for key in keys}
            notices.append(f"[{section}] {old} is now called {new}")
    return current, notices


def load_config(path: Path) -> Config:
    """Read ``path``.

    Raises:
        ConfigError: the file is missing, is not TOML, or holds an unknown key or a bad value.
    """
    try:
        content, notices = with_current_names(tomllib.loads(path.read_text(encoding="utf-8")))
        config = Config.model_validate(content)
    except (FileNotFoundError, IsADirectoryError):
        raise ConfigError(f"{path} does not exist: run 'tastegraph init {path.parent}'") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()
        )
        raise ConfigError(f"{path}: {problems}") from None
    for notice in notices:
        say(f"{path}: {notice}; the old name is still read")
    return config
