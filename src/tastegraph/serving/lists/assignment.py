"""Which variant of an experiment a request gets: the same for a user as long as it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from tastegraph.core.config import ExperimentConfig, VariantConfig
from tastegraph.core.config.experiments import CONTROL

AS_CONFIGURED = VariantConfig(share=1.0)
"""Changes nothing."""


@dataclass(frozen=True)
class Assignment:
    """The variant that a request gets.

    Attributes:
        experiment, variant: names; ``None`` outside of experiments.
        settings: how its lists are made.
    """

    experiment: str | None = None
    variant: str | None = None
    settings: VariantConfig = AS_CONFIGURED


NO_EXPERIMENT = Assignment()


class Experiments:
    """Assigns requests to variants; immutable.

    Args:
        experiments: by name; no two have the same lists.
    """

    def __init__(self, experiments: Mapping[str, ExperimentConfig]) -> None:
        self._by_name = experiments
        self._by_surface: dict[str | None, tuple[str, ExperimentConfig]] = {}
        for name, experiment in experiments.items():
            covered: Sequence[str | None] = experiment.surfaces or (None,)
            self._by_surface |= dict.fromkeys(covered, (name, experiment))

    def assign(self, unit: str | None, surface: str | None) -> Assignment:
        """The variant of a request.

        Args:
            unit: id of the user, or ``session:ID``; a session without an id takes no part, since
                its next list could be of another variant.
            surface: that the request names.
        """
        experiment = self._by_surface.get(surface) or self._by_surface.get(None)
        if unit is None or experiment is None:
            return NO_EXPERIMENT
        name, config = experiment
        return _assignment(name, drawn_variant(name, unit, config.shares), config)

    def again(self, experiment: str | None, variant: str | None) -> Assignment:
        """The variant that a stored list is of, for a list that continues it.

        None where the experiment has ended, or has no such variant any more.
        """
        config = None if experiment is None else self._by_name.get(experiment)
        if experiment is None or config is None or variant is None or variant not in config.shares:
            return NO_EXPERIMENT
        return _assignment(experiment, variant, config)


def _assignment(name: str, variant: str, config: ExperimentConfig) -> Assignment:
    return Assignment(name, variant, config.variants.get(variant, AS_CONFIGURED))


def drawn_variant(experiment: str, unit: str, shares: Mapping[str, float]) -> str:
    """The variant whose part of [0, 1) holds the hash of a user.

    The name of the experiment is part of what is hashed, so that the users of a variant in one
    experiment are spread evenly over the variants of another.

    Args:
        experiment: its name.
        unit: id of the user or session.
        shares: variant → share, in the order of the configuration.
    """
    digest = sha256(f"{experiment}\0{unit}".encode("utf-8", "surrogatepass")).digest()
    point, end = int.from_bytes(digest[:6], "big") / 2**48, 0.0
    for variant, share in shares.items():
        end += share
        if point < end:
            return variant
    return CONTROL if CONTROL in shares else list(shares)[-1]
