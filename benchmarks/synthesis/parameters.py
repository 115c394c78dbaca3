"""What a synthetic study is made of, and the sizes that have a name."""

import zlib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

__all__ = ["PRESETS", "Parameters", "Streams", "preset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Everything that decides a study; the same parameters give the same study, byte for byte.

    Counts of actors (`leaders`, `outlets`, `organisations`, `manipulative_leaders`) and `posts` are read by the
    generated cast only: the demo's cast is written out in `cast.py`. Numbers of interactions are expectations.
    """

    seed: int = 1
    people: int
    """Inhabitants, the population of the study."""
    cast: Literal["demo", "generated"] = "generated"
    leaders: int = 0
    outlets: int = 0
    """Traditional media without accounts; half as many media with accounts are added."""
    organisations: int = 0
    """Parties, NGOs, unions and state bodies in turn."""
    posts: int = 0
    """Posts that named actors write themselves."""
    ordinary_posts: int
    """Posts that inhabitants write themselves, on X."""
    telegram_share: float = 0.62
    x_share: float = 0.09
    """Share of the people who have an account there."""
    telegram_interactions: int
    x_interactions: int
    """Expected acts on posts of named actors, before posts are passed on further; most leave no row in an export."""
    comment_share: float = 0.02
    """Share of acts that are comments, for Telegram channels with a discussion group."""
    x_mix: tuple[float, float, float, float] = (0.50, 0.32, 0.12, 0.06)
    """Shares of likes, reshares, replies, quotes among the acts on X."""
    observed_reactions: float = 0.025
    """Chance that a reaction in a Telegram discussion group is listed with its account."""
    observed_reshares: float = 0.6
    observed_replies: float = 0.7
    """Chance that a reshare, or a reply or quote, on X is in the collected file."""
    reproduction: float = 0.35
    """Reshares that one reshare by an inhabitant causes, on average; below 1."""
    passed_on: int
    """Expected posts that one named actor takes over from another."""
    syndicated: int
    """Pairs of media posts with the same text, minutes apart: no coordination, and easily taken for it."""
    manipulative_leaders: int = 0
    manipulative_share: float = 0.5
    """Share of manipulative calls among the posts of a planted manipulative leader (generated cast)."""
    coordinated_accounts: int
    coordinated_reshares: int
    coordinated_copies: int
    """Posts of manipulative leaders that the group reshares together; texts with one link that it posts together."""
    coordinated_window: int = 45
    """Seconds within which the group acts."""
    survey: int = 1000
    """Respondents of the simulated survey of who reads what."""
    start: date = date(2026, 3, 1)
    days: int = 46

    def __post_init__(self) -> None:
        for name in ("people", "days", "survey"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, got {getattr(self, name)!r}")
        if not 0 <= self.reproduction < 1:
            raise ValueError(f"reproduction must be in [0, 1), or cascades never end, got {self.reproduction!r}")
        if abs(sum(self.x_mix) - 1) > 1e-9:
            raise ValueError(f"x_mix must sum to 1, got {self.x_mix!r}")
        if self.survey > self.people:
            raise ValueError(f"a survey of {self.survey!r} people needs as many inhabitants, got {self.people!r}")

    @property
    def begin(self) -> int:
        """First second of the window, Unix time."""
        return int(datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC).timestamp())

    @property
    def end(self) -> int:
        """Last second of the window, Unix time."""
        return self.begin + self.days * 86_400 - 1

    @property
    def last_day(self) -> date:
        """Last day of the window."""
        return self.start + timedelta(days=self.days - 1)


class Streams:
    """One random stream per stage, so that a change in one stage leaves the others as they were."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __call__(self, stage: str) -> np.random.Generator:
        """Return the stream of the stage, always from its start."""
        return np.random.default_rng([self._seed, zlib.crc32(stage.encode())])


PRESETS: MappingProxyType[str, Parameters] = MappingProxyType(
    {
        "demo": Parameters(
            cast="demo",
            people=412_000,
            ordinary_posts=64,
            telegram_interactions=95_000,
            x_interactions=900,
            comment_share=0.0045,
            observed_reactions=0.055,
            reproduction=0.25,
            passed_on=64,
            syndicated=5,
            coordinated_accounts=9,
            coordinated_reshares=14,
            coordinated_copies=4,
            survey=1_012,
        ),
        "small": Parameters(
            people=40_000,
            leaders=14,
            outlets=6,
            organisations=4,
            posts=700,
            ordinary_posts=150,
            x_share=0.3,
            telegram_interactions=12_000,
            x_interactions=4_000,
            passed_on=60,
            syndicated=6,
            manipulative_leaders=3,
            coordinated_accounts=8,
            coordinated_reshares=12,
            coordinated_copies=4,
        ),
        "large": Parameters(
            people=1_000_000,
            leaders=150,
            outlets=30,
            organisations=20,
            posts=20_000,
            ordinary_posts=30_000,
            x_share=0.35,
            telegram_interactions=600_000,
            x_interactions=1_600_000,
            x_mix=(0.25, 0.50, 0.15, 0.10),
            passed_on=3_000,
            syndicated=200,
            manipulative_leaders=20,
            coordinated_accounts=40,
            coordinated_reshares=300,
            coordinated_copies=60,
            survey=2_000,
        ),
    }
)


def preset(name: str, **changes: Any) -> Parameters:
    """Return the parameters of a named size, some of them changed.

    Raises ValueError if there is no such size, TypeError if a change names no parameter.
    """
    if name not in PRESETS:
        raise ValueError(f"there is no preset {name!r}; the presets are {', '.join(PRESETS)}")
    return replace(PRESETS[name], **changes)
