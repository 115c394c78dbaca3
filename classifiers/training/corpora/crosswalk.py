"""A crosswalk: what each label of another corpus means in our scheme, with the agreement that a reading found."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from classifiers.errors import InputError
from classifiers.examples import NOT_A_CALL
from classifiers.scheme import TECHNIQUES

#: Shares of the rows that were read by hand that must agree before a label may teach that something is there, or not.
LEAST_PRESENT, LEAST_ABSENT = 2 / 3, 0.9
#: Rows that must have been read.
LEAST_READ = 30

Text = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Reasoned(_Strict):
    """Why a line stands in a crosswalk, and how many of the `read` rows fitted it."""

    reason: Text
    read: int = Field(0, ge=0)
    agreed: int = Field(0, ge=0)

    def check(self, what: str, least: float) -> None:
        """Raise ValueError where too few rows were read, or too few of them agreed."""
        if self.read < LEAST_READ or self.agreed > self.read or self.agreed < least * self.read:
            raise ValueError(
                f"{what}: {self.agreed} of {self.read} rows agreed; it takes {LEAST_READ} rows and {least:.0%} of them "
                "to teach it. Read more rows, or let it teach nothing"
            )


class Meaning(_Reasoned):
    """A label of the corpus.

    Attributes
    ----------
    label
        As it stands in the corpus; empty for a text without any (which needs no line where that alone teaches nothing).
    where
        Columns and the values that a row must have there for this line to hold; the first line that holds counts.
    teaches
        One of the ten techniques, `call` or `not_a_call`; None teaches nothing.
    hides
        Techniques that may well stand where this label does: their absence is not known there.
    """

    label: str
    where: Mapping[str, tuple[str, ...]] = {}
    teaches: str | None = None
    hides: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _taught(self) -> "Meaning":
        _known(self.hides)
        if self.teaches == NOT_A_CALL:
            self.check(f"label {self.label!r} as {NOT_A_CALL}", LEAST_ABSENT)
        elif self.teaches is not None:
            if self.teaches != "call":
                _known([self.teaches])
            self.check(f"label {self.label!r} as {self.teaches}", LEAST_PRESENT)
        return self


class Absence(_Reasoned):
    """A technique that a text does not have where no label teaches or hides it."""

    technique: str

    @model_validator(mode="after")
    def _taught(self) -> "Absence":
        _known([self.technique])
        self.check(f"absence of {self.technique}", LEAST_ABSENT)
        return self


class Reading(_Strict):
    """How the corpus's files are read.

    Attributes
    ----------
    kind
        `table`: a text a row (CSV or Parquet); `articles`: a Parquet file of spans beside one of articles (`texts` of
        the source), cut into passages of some `passage` characters.
    files
        Patterns of file names, where the source's path is a folder.
    id, text, labels, group
        Columns. A cell of `labels` is one label, or a list of them in brackets. Rows of a `group` are held out
        together. Without `id`, a row's number is its id.
    languages
        Language of a file by a pattern of its name, the first that fits; an empty one leaves it to the detector.
    only
        Columns and the values that a row must have to be read at all.
    """

    kind: Literal["table", "articles"] = "table"
    files: tuple[str, ...] = ("*.csv", "*.parquet")
    id: str | None = None
    text: str = "text"
    labels: str = "label"
    group: str | None = None
    languages: Mapping[str, str] = {"*": ""}
    only: Mapping[str, tuple[str, ...]] = {}
    passage: int = Field(600, ge=100, le=5000)


class Crosswalk(_Strict):
    """The whole file: the corpus, how it is read, its labels, and what their absence means."""

    corpus: Text
    title: Text
    source: Text
    licence: Text
    read: Reading = Reading()
    labels: tuple[Meaning, ...] = Field(min_length=1)
    absent: tuple[Absence, ...] = ()

    def meaning(self, label: str, row: Mapping[str, str]) -> Meaning:
        """The line for a label in a row.

        Raises
        ------
        InputError
            If the crosswalk has no line for it: a label that nobody thought about teaches nothing by accident.
        """
        for line in self.labels:
            if line.label == label and fits(row, line.where):
                return line
        raise InputError(f"crosswalk of {self.corpus}: no line for label {label!r}. Add one under [[labels]].")

    def teaches(self) -> list[str]:
        """What the corpus can teach at all, sorted: `call`, `not_a_call`, techniques, and `no <technique>`."""
        present = {line.teaches for line in self.labels if line.teaches is not None}
        return sorted(present | {f"no {line.technique}" for line in self.absent})


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the labels of one text teach: its call (None is unknown), its techniques, and those known to be absent."""

    call: str | None
    present: tuple[str, ...]
    absent: tuple[str, ...]
    hidden: tuple[str, ...]

    @property
    def known(self) -> tuple[str, ...]:
        """The techniques of which it is known whether they are there, in the scheme's order."""
        return tuple(name for name in TECHNIQUES if name in self.present or name in self.absent)


def lesson(crosswalk: Crosswalk, labels: Sequence[str], row: Mapping[str, str]) -> Lesson:
    """What the labels of one text teach; labels that contradict each other on the call teach nothing of it."""
    if not labels and any(line.label == "" for line in crosswalk.labels):
        labels = [""]
    lines = [crosswalk.meaning(label, row) for label in labels]
    taught = {line.teaches for line in lines} - {None}
    calls = taught & {"call", NOT_A_CALL}
    present = [name for name in TECHNIQUES if name in taught]
    hidden = [name for name in TECHNIQUES if any(name in line.hides for line in lines)]
    absent = [line.technique for line in crosswalk.absent if line.technique not in (*present, *hidden)]
    return Lesson(calls.pop() if len(calls) == 1 else None, tuple(present), tuple(absent), tuple(hidden))


def fits(row: Mapping[str, str], wanted: Mapping[str, Sequence[str]]) -> bool:
    """Whether a row has one of the wanted values in each of the columns."""
    return all(row.get(column, "") in values for column, values in wanted.items())


def read_crosswalk(file: Path) -> Crosswalk:
    """Read a crosswalk.

    Raises
    ------
    InputError
        If the file cannot be read, is no TOML, or a line teaches more than the rows that were read bear out.
    """
    try:
        return Crosswalk.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}). Give the TOML file of a crosswalk.") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file}: is no TOML ({error}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{file}: {where}: {first['msg'].removeprefix('Value error, ')}.") from error


def _known(names: Sequence[str]) -> None:
    for name in names:
        if name not in TECHNIQUES:
            raise ValueError(f"{name!r} is none of {', '.join(TECHNIQUES)}")
