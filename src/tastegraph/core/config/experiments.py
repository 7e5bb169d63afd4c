"""Experiments: named variants of lists, each for a share of the users."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator, model_validator

from tastegraph.core.config.data import Section

CONTROL = "control"
"""The variant of the users whom no other has: their lists are as without the experiment."""
CURRENT = "current"
"""The snapshot in service, whichever that is."""
ROUNDING = 1e-9
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
SurfaceName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class VariantConfig(Section):
    """How the lists of one variant differ from those of everybody else."""

    share: float = Field(gt=0, le=1)
    """Share of the users who get it. All shares of an experiment add up to at most 1; the users
    left over are the variant ``control``."""
    snapshot: Annotated[str, StringConstraints(pattern=r"^(current|\d{6,})$")] = CURRENT
    """Version whose model and graph make the lists, as ``tastegraph models list`` names it; or
    ``current``, the one in service at the time. A version that is named here is never deleted."""
    surface: SurfaceName | None = None
    """The policy of this one of ``[surfaces]`` holds, in place of the one that a request names."""
    explore: float | None = Field(default=None, ge=0, le=1)
    """As in ``[serving]``, for requests that name none."""


class ExperimentConfig(Section):
    """A comparison of lists: each user always gets the same variant, drawn by a hash."""

    surfaces: tuple[SurfaceName, ...] = ()
    """Only lists of these ``[surfaces]`` take part; by default all lists."""
    variants: dict[Name, VariantConfig] = Field(min_length=1)
    """Name of a variant → how its lists are made."""

    @field_validator("variants", mode="after")
    @classmethod
    def _shares(cls, variants: dict[str, VariantConfig]) -> dict[str, VariantConfig]:
        if CONTROL in variants:
            raise ValueError(
                f"the name {CONTROL!r} is for the users whom no variant has: leave it out, and "
                "they get the share that is left"
            )
        total = sum(variant.share for variant in variants.values())
        if total > 1 + ROUNDING:
            raise ValueError(f"the shares add up to {total:g}, at most 1 is possible")
        return variants

    @model_validator(mode="after")
    def _two_variants(self) -> ExperimentConfig:
        if len(self.variants) == 1 and not self.control_share:
            raise ValueError("one variant has all users, so there is nothing to compare it with")
        return self

    @property
    def control_share(self) -> float:
        """Share of the users who get lists as without the experiment."""
        share = 1 - sum(variant.share for variant in self.variants.values())
        return share if share > ROUNDING else 0.0

    @property
    def shares(self) -> dict[str, float]:
        """Variant → share of the users, the control last."""
        shares = {name: variant.share for name, variant in self.variants.items()}
        return {**shares, CONTROL: self.control_share} if self.control_share else shares


def check_experiments(
    experiments: Mapping[str, ExperimentConfig], surfaces: Collection[str]
) -> None:
    """Check what experiments say of surfaces, and that no list would be in two of them.

    Raises:
        ValueError: a surface does not exist, or two experiments have the same lists.
    """
    experiment_of: dict[str | None, str] = {}
    for name, experiment in experiments.items():
        named = [("surfaces", surface) for surface in experiment.surfaces]
        named += [
            (f"variants.{variant}.surface", config.surface)
            for variant, config in experiment.variants.items()
            if config.surface is not None
        ]
        for place, surface in named:
            if surface not in surfaces:
                raise ValueError(
                    f"experiments.{name}.{place}: there is no surface {surface!r}; there are "
                    f"{', '.join(sorted(surfaces)) or 'none'}"
                )
        covered: Sequence[str | None] = experiment.surfaces or (None,)
        overlap = experiment_of.keys() & {None, *covered} if experiment.surfaces else experiment_of
        if overlap:
            other = experiment_of[next(iter(overlap))]
            raise ValueError(
                f"experiments.{name}: {other!r} has the same lists; a list takes part in one "
                "experiment alone: give each surfaces of its own, or run one after the other"
            )
        experiment_of |= dict.fromkeys(covered, name)


def named_snapshots(experiments: Mapping[str, ExperimentConfig]) -> dict[str, str]:
    """Version that a variant names → where it is named, such as ``experiments.a.variants.b``."""
    places: dict[str, str] = {}
    for name, experiment in experiments.items():
        for variant, config in experiment.variants.items():
            if config.snapshot != CURRENT:
                places.setdefault(config.snapshot, f"experiments.{name}.variants.{variant}")
    return places
