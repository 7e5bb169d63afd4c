"""Where the time of a long job goes: processor and wall-clock seconds of each of its stages.

    with profiled() as profile:
        with stage("reading the store"):
            ...
    print(profile.in_words())

A stage inside another one takes its time out of the outer one, so that the times of all stages add
up to that of the whole. Nothing is measured outside :func:`profiled`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field

from tastegraph.core.progress import announced_stage

REST = "everything else"
"""Name of the time that no stage takes."""
MIN_PRINTED_SECONDS = 0.05


@dataclass
class StageTime:
    """What one stage took, all its runs together and without the stages inside it.

    Attributes:
        runs: how often it ran.
        processor_seconds: of all threads of this process.
        wall_seconds: by the clock.
    """

    runs: int = 0
    processor_seconds: float = 0.0
    wall_seconds: float = 0.0


@dataclass
class Profile:
    """What the stages of one job took.

    Attributes:
        stages: name → its time, in the order in which the stages first ended.
    """

    stages: dict[str, StageTime] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list, repr=False)
    _since: tuple[float, float] = (0.0, 0.0)

    @property
    def processor_seconds(self) -> float:
        """Of all stages."""
        return sum(each.processor_seconds for each in self.stages.values())

    @property
    def wall_seconds(self) -> float:
        """Of all stages."""
        return sum(each.wall_seconds for each in self.stages.values())

    def as_json(self) -> dict[str, dict[str, float]]:
        """Stage → runs and seconds, rounded to milliseconds, of each that took one at least."""
        return {
            name: {
                "runs": each.runs,
                "processor_seconds": round(each.processor_seconds, 3),
                "wall_seconds": round(each.wall_seconds, 3),
            }
            for name, each in self.stages.items()
            if max(each.processor_seconds, each.wall_seconds) >= 0.001
        }

    def in_words(self) -> str:
        """A table, one line for each stage of a twentieth of a second or more, longest first."""
        lines = [f"{'stage':<40} {'runs':>5} {'processor':>11} {'clock':>9} {'share':>6}"]
        whole = max(self.processor_seconds, 1e-9)
        by_time = sorted(self.stages.items(), key=lambda pair: -pair[1].processor_seconds)
        for name, each in by_time:
            if max(each.processor_seconds, each.wall_seconds) < MIN_PRINTED_SECONDS:
                continue
            share = each.processor_seconds / whole
            lines.append(
                f"{name:<40} {each.runs:>5} {each.processor_seconds:>9.1f} s "
                f"{each.wall_seconds:>7.1f} s {share:>6.1%}"
            )
        total = f"{self.processor_seconds:>9.1f} s {self.wall_seconds:>7.1f} s"
        return "\n".join([*lines, f"{'all':<40} {'':>5} {total}"])

    def until_now(self) -> Profile:
        """The same, with the time of the stage that has not ended."""
        self._charge()
        return self

    def begin(self, name: str) -> None:
        """A stage begins; the time until now is that of the stage around it."""
        self._charge()
        self._open.append(name)

    def end(self) -> None:
        """The innermost stage ends."""
        self._charge()
        self.stages[self._open.pop()].runs += 1

    def _charge(self) -> None:
        now = time.process_time(), time.perf_counter()
        if self._open:
            current = self.stages.setdefault(self._open[-1], StageTime())
            current.processor_seconds += now[0] - self._since[0]
            current.wall_seconds += now[1] - self._since[1]
        self._since = now


_profile: ContextVar[Profile | None] = ContextVar("profile", default=None)


def current_profile() -> dict[str, dict[str, float]] | None:
    """What the stages took until now, for a manifest; ``None`` outside :func:`profiled`."""
    profile = _profile.get()
    return None if profile is None else profile.until_now().as_json()


@contextmanager
def profiled() -> Iterator[Profile]:
    """Measure the stages of the block; inside another :func:`profiled` they are those of both."""
    outer = _profile.get()
    if outer is not None:
        yield outer
        return
    profile = Profile()
    token = _profile.set(profile)
    profile.begin(REST)
    try:
        yield profile
    finally:
        profile.end()
        _profile.reset(token)


@contextmanager
def stage(name: str, *, quiet: bool = False) -> Iterator[None]:
    """One stage of a job, in the profile and in the lines of a job that is announced.

    Args:
        name: of the stage.
        quiet: whether no line announces it, as where a stage around it is announced.
    """
    profile = _profile.get()
    if profile is not None:
        profile.begin(name)
    try:
        with nullcontext() if quiet else announced_stage(name):
            yield
    finally:
        if profile is not None:
            profile.end()
