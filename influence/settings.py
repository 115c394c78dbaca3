"""study.toml: what the user says about a study, checked when it is read."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator, model_validator

from influence.audience_templates import ANY_MEDIUM, Assumed, Template, read_templates
from influence.errors import InputError, StudyError
from influence.tables import SCHEMA_VERSION

__all__ = ["SETTINGS_FILE", "CoordinationSettings", "FlagSettings", "Settings", "Window", "read_settings"]

SETTINGS_FILE = "study.toml"

TEMPLATE = """\
# A study of opinion leaders and traditional media.
schema_version = {version}
name = {name}

# People who could be reached: the number that audiences are compared with and cannot exceed.
# Without it there is no independence point for unions and no rating can be turned into people.
# population = 412000

# Languages of the texts that the study is about.
languages = ["kk", "ru", "en"]

# Who is a leader, a medium, a party, an ngo, a union, the state: a CSV file beside this one.
roster = "actors.csv"

# Seed of every random step: the same seed gives the same figures.
seed = 0

# Only what was posted and done in this window counts (both days included, UTC). Leave out for all.
# [window]
# start = 2026-03-01
# end = 2026-04-15

# [audiences]
# Readers of one printed copy, as low, typical, high, and who says so. Without it one reader a copy is assumed,
# which is a lower bound.
# readers_per_copy = [1.8, 2.3, 2.9]
# readers_per_copy_source = "Name of the survey, year"

# The share of an account's followers that a post is shown to, as low, typical, high by platform, and who says so.
# Used only where a platform gives no views. Nothing is assumed unless you write it here.
# view_rates = {{ instagram = [0.05, 0.10, 0.25] }}
# view_rates_source = "Name of the study, year"

# The same from tables with sources: CSV files beside this one, or readers_per_copy and view_rates, which come with
# the program (what they hold: docs/reach.md). What is written above wins. `country` picks rows of one country.
# template = ["readers.csv", "view_rates"]
# country = "KZ"

# [engaged]
# interval = "lognormal"  # or "bootstrap": of the accounts that act, seen and unseen
# ones = "test"           # "as_seen", "inflated": are accounts seen once more than acting at random explains?

# [spread]
# How simulated reach is estimated: "bernoulli" counts every reshare for the author of the post; "partial_credit"
# divides it among all from whom it may have come.
# method = "bernoulli"
# prior_posts = 5       # authors of few posts are drawn towards the mean, as if they had so many more; 0: not at all
# relative_width = 0.1  # half the interval, as a share of the reach, where that is ten accounts or more

# [coordination]
# window_s = 60                  # seconds between two shares of one thing that count together
# min_participation = 2          # accounts with fewer shares are not looked at
# min_weight = 1                 # events that a pair of accounts must have
# objects = ["url", "text"]      # kinds of things: url, text, near_text, hashtag, media, reshare; left out: all
# null = "configuration_model"   # what chance is taken to be (docs/coordination.md); "none": no test
# max_q = 0.05                   # pairs with a q-value below this make clusters

# [flags]
# min_posts = 10      # an account with fewer labelled posts is never flagged
# min_rate = 0.10     # the lower end of its share of manipulative calls must be above this
# confidence = 0.95   # of that interval
# q = 0.05            # of the accounts flagged, the share that false alarms alone may explain; the same for partners
# max_fpr = 0.05      # of posts that are no call, the share that may be labelled one (the labels of all steps)
"""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Window(_Strict):
    """Days that count, both included, in UTC; an open side is None."""

    start: dt.date | None = None
    end: dt.date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start and self.end and self.start > self.end:
            raise ValueError(f"the window ends ({self.end}) before it starts ({self.start})")
        return self

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `2026-03-01..2026-04-15`; either side may be empty.

        Raises InputError if it is not of that form.
        """
        start, dots, end = text.partition("..")
        try:
            if not dots:
                raise ValueError("no '..' between the two days")
            return cls(start=_day(start), end=_day(end))
        except ValueError as error:
            reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
            raise InputError(
                f"--window {text!r} cannot be read ({reason}). Write it as 2026-03-01..2026-04-15."
            ) from error

    def __str__(self) -> str:
        if not self.start and not self.end:
            return "all times"
        return f"{self.start or ''}..{self.end or ''}"


def _day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text.strip()) if text.strip() else None


class AudienceSettings(_Strict):
    """Low, typical, high of what is assumed, and the source of these.

    `readers_per_copy` turns printed copies into readers; `view_rates`, by platform, followers into those shown a post.
    `template` names files that give both with their sources (`influence.audience_templates`); what is written in
    study.toml wins over them.
    """

    readers_per_copy: tuple[float, float, float] | None = None
    readers_per_copy_source: str | None = None
    view_rates: dict[str, tuple[float, float, float]] | None = None
    view_rates_source: str | None = None
    template: tuple[str, ...] = ()
    country: str | None = None
    _template: Template = PrivateAttr(default_factory=Template)

    @field_validator("template", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    def with_template(self, folder: Path) -> AudienceSettings:
        """Return these settings with the templates read; files stand beside study.toml, in `folder`.

        Raises StudyError if a template is not there or cannot be used.
        """
        read = self.model_copy()
        read._template = read_templates(self.template, folder, country=self.country)
        return read

    def readers(self) -> dict[str, Assumed]:
        """Return readers per copy by medium; those for any other medium stand under the empty name."""
        if self.readers_per_copy is not None:
            return {ANY_MEDIUM: Assumed(*self.readers_per_copy, self.readers_per_copy_source or "")}
        return dict(self._template.readers_per_copy)

    def rates(self) -> dict[str, Assumed]:
        """Return view rates by platform."""
        own = {name.lower(): Assumed(*x, self.view_rates_source or "") for name, x in (self.view_rates or {}).items()}
        return {**self._template.view_rates, **own}

    @model_validator(mode="after")
    def _rates_sourced(self) -> Self:
        for platform, (low, typical, high) in (self.view_rates or {}).items():
            if not (0 <= low <= typical <= high and typical > 0):
                raise ValueError(f"view_rates of {platform} must be low <= typical <= high and above 0")
        if self.view_rates and not self.view_rates_source:
            raise ValueError("view_rates need view_rates_source: a figure without a source is not citable")
        return self

    @model_validator(mode="after")
    def _sourced(self) -> Self:
        if self.readers_per_copy is None:
            return self
        low, typical, high = self.readers_per_copy
        if not 0 < low <= typical <= high:
            raise ValueError(
                f"readers_per_copy must be low <= typical <= high and above 0, got {self.readers_per_copy}"
            )
        if not self.readers_per_copy_source:
            raise ValueError("readers_per_copy needs readers_per_copy_source: a figure without a source is not citable")
        return self


class EngagedSettings(_Strict):
    """How the accounts that acted, seen and unseen, are estimated; see `graphs.reaching.chao.estimate_unseen`."""

    interval: Literal["lognormal", "bootstrap"] = "lognormal"
    ones: Literal["test", "as_seen", "inflated"] = "test"


class FlagSettings(_Strict):
    """When an account is proposed for review; `max_fpr` is that of the labels, in whichever step they are read."""

    min_posts: Annotated[int, Field(ge=1)] = 10
    min_rate: Annotated[float, Field(gt=0, lt=1)] = 0.10
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    q: Annotated[float, Field(gt=0, lt=1)] = 0.05
    max_fpr: Annotated[float, Field(gt=0, lt=1)] = 0.05


class CoordinationSettings(_Strict):
    """What counts as coordinated, and what chance is taken to be; see `graphs.coordination`."""

    window_s: Annotated[float, Field(ge=0, le=366 * 86_400)] = 60.0
    min_participation: Annotated[int, Field(ge=0)] = 2
    min_weight: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    edge_weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    subgraph: Literal["all", "heavy"] = "all"
    burst_cap: Annotated[int, Field(ge=2)] | None = None
    objects: (
        Annotated[tuple[Literal["url", "text", "near_text", "hashtag", "media", "reshare"], ...], Field(min_length=1)]
        | None
    ) = None
    null: Literal[
        "none",
        "permutation",
        "times_within_objects",
        "objects_within_activity",
        "hypergeometric",
        "hypergeometric_by_popularity",
        "configuration_model",
    ] = "configuration_model"
    block_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 86_400.0
    max_q: Annotated[float, Field(gt=0, lt=1)] = 0.05
    clusters: Literal["communities", "components"] = "communities"
    resamples: Annotated[int, Field(ge=0)] = 100
    null_runs: Annotated[int, Field(ge=0)] = 20


class SpreadSettings(_Strict):
    """How simulated reach is estimated; `most_work` caps the nodes and edges that are looked at."""

    method: Literal["bernoulli", "partial_credit"] = "bernoulli"
    prior_posts: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5.0
    relative_width: Annotated[float, Field(gt=0, lt=1)] = 0.1
    most_work: Annotated[int, Field(ge=1)] = 4_000_000_000


class EngineSettings(_Strict):
    """What the engine may use before it spills to disk."""

    memory: str = "2GB"


class Settings(_Strict):
    """All of study.toml."""

    schema_version: int = SCHEMA_VERSION
    name: Annotated[str, Field(min_length=1)]
    population: Annotated[int, Field(gt=0)] | None = None
    languages: tuple[str, ...] = ("kk", "ru", "en")
    roster: str = "actors.csv"
    seed: Annotated[int, Field(ge=0)] = 0
    window: Window = Window()
    audiences: AudienceSettings = AudienceSettings()
    engaged: EngagedSettings = EngagedSettings()
    flags: FlagSettings = FlagSettings()
    spread: SpreadSettings = SpreadSettings()
    coordination: CoordinationSettings = CoordinationSettings()
    engine: EngineSettings = EngineSettings()


def read_settings(folder: Path) -> Settings:
    """Read and check `study.toml` of a study folder.

    Raises StudyError if the folder has none, if it or an audience template that it names cannot
    be read, or if it is of a newer version of the program.
    """
    file = folder / SETTINGS_FILE
    if not file.is_file():
        raise StudyError(f"{folder} is no study: it has no {SETTINGS_FILE}. Make one with: influence init {folder}")
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyError(f"{file}: {error}. Mend the file; `influence init` writes a commented example.") from error
    except OSError as error:
        raise StudyError(f"{file} cannot be read: {error.strerror}.") from error
    version = raw.get("schema_version", SCHEMA_VERSION)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise StudyError(
            f"{file}: the study is of schema version {version}, this program knows {SCHEMA_VERSION} and older. "
            "Open it with a newer version of influence."
        )
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise StudyError(f"{file}: {key}: {first['msg']}, got {_short(first['input'])}.") from error
    if settings.audiences.template:
        return settings.model_copy(update={"audiences": settings.audiences.with_template(folder)})
    return settings


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
