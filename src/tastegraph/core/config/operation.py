"""Sections of the configuration on operation: serving lists, and learning from their use."""

from __future__ import annotations

from pydantic import Field

from tastegraph.core.config.data import Section
from tastegraph.core.languages import DEFAULT_LANGUAGE, Language
from tastegraph.core.records import IMPRESSION


class LimitsConfig(Section):
    """What one process of the service accepts before it refuses (413, 429, 503 with
    ``Retry-After``)."""

    body_bytes: int = Field(default=1 << 20, ge=1024)
    """Largest body of a request."""
    seconds: float = Field(default=30.0, gt=0)
    """Longest time until an answer begins, the time in which its body arrives included."""
    queue: int = Field(default=256, ge=1)
    """Requests that may wait or be answered at the same time."""
    rate: float = Field(default=0.0, ge=0)
    """Requests a second of one API key, or of one address where there are no keys; 0 for no
    limit. Each worker counts by itself."""
    burst: int = Field(default=100, ge=1)
    """Requests that may come at once before ``rate`` holds."""


class ServingConfig(Section):
    """How lists are made and stored by the service."""

    explore: float = Field(default=0.0, ge=0, le=1)
    """Probability with which a place of a list is given to an item that the model is unsure of; a
    request may name another one."""
    new_items: float = Field(default=0.0, ge=0, le=1)
    """Share of the places of a list, its last ones, that is reserved for items without events when
    the model was fitted. By default they stand where their score puts them."""
    store_lists: bool = True
    """Whether served lists are stored, with the probability of each item."""
    check_claims: float = Field(default=0.01, ge=0, le=1)
    """Share of the answers whose reasons are checked against the store afterwards, one at a time;
    what does not hold is logged, and counted in ``tastegraph_claim_violations_total``."""
    exclude: dict[str, bool] = Field(default_factory=dict)
    """Event type → whether an item on which a user has such an event is left out of the user's
    lists. By default all types but ``impression`` are excluded. With ``view = false``, items that
    were only viewed may be recommended again; items that were viewed and bought may not."""
    hosts: tuple[str, ...] = ()
    """Further host names that the service answers to, without a port, such as those of a proxy
    before it. Requests to any other name than these and this machine's own (``localhost``,
    ``127.0.0.1``, ``::1``) are refused: a web page elsewhere could let its own name point here."""
    language: Language = DEFAULT_LANGUAGE
    """Language of reasons and messages, if a request names none."""
    access_log: bool = False
    """Whether each request is one line of JSON on standard output: route, status, milliseconds,
    request id and name of the key, nothing about whom it concerns."""
    shutdown_seconds: float = Field(default=10.0, ge=0)
    """How long a service that is to end waits for the answers that are under way."""
    limits: LimitsConfig = LimitsConfig()

    @property
    def repeats(self) -> tuple[str, ...]:
        """The event types that do not exclude an item from lists, in alphabetical order."""
        excluded = {IMPRESSION: False, **self.exclude}
        return tuple(sorted(name for name, excludes in excluded.items() if not excludes))


class LoopConfig(Section):
    """When a service retrains, and when the gate accepts the new model."""

    every: int = Field(default=0, ge=0)
    """Number of new events after which a running service retrains; 0 for never."""
    drift: float = Field(default=0.0, ge=0, lt=1)
    """A running service also retrains if the success of its lists drops by this share; 0 for
    never."""
    drift_delay: float = Field(default=3600.0, ge=0)
    """Seconds after which a list counts for ``drift``: so long users may take to respond."""
    refresh: bool = True
    """Whether a running service uses new items and facts as soon as they are imported."""
    finetune: bool = False
    """Whether retraining fine-tunes the language model again, as ``[finetuning]`` says."""
    min_co_likes: int = Field(default=0, ge=0)
    """Number of users who must have liked two items before the graph gets a fact that they are
    liked together; 0 for no such facts."""
    half_life: float = Field(default=90.0, gt=0)
    """Days after which a like counts half for such facts."""
    holdout_users: float = Field(default=0.1, ge=0, le=0.5)
    """Share of the users whose newest events the new model is not fitted to, but compared on; other
    users each time."""
    min_holdout_users: int = Field(default=10, ge=1)
    """Smallest number of users that a comparison needs; with fewer the new model is refused."""
    max_ndcg_loss: float = Field(default=0.03, ge=0, le=1)
    """Share of NDCG@10 that the new model may lose, on the newest and on earlier events."""
    min_coverage: float = Field(default=0.5, ge=0, le=1)
    """Share of the catalogue coverage of the model in service that the new model must keep."""
    min_facts: float = Field(default=0.5, ge=0, le=1)
    """Share of the facts in service that the new graph must contain."""
    min_auc_ratio: float = Field(default=0.5, ge=0, le=1)
    """How well the model in service must separate the newest likes from other items (its AUC above
    chance), as a share of how well it separates earlier likes; 0 to skip this check."""
    max_slowdown: float = Field(default=3.0, ge=1)
    """A list of the new model may take so many times as long as one of the model in service."""
    allowed_seconds: float = Field(default=0.02, gt=0)
    """A list that takes at most so many seconds is never too slow."""


class GorseConfig(Section):
    """How the routes of Gorse under ``/api`` and its exports are read."""

    types: dict[str, str] = Field(default={"read": "view", "star": "like"})
    """Feedback type of Gorse → event type. Any other feedback type is the event type of its own
    name, and refused where ``[events.weights]`` has no such type."""
