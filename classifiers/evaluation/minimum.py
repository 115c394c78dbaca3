"""Scores that a model must reach: `call:ap>=0.7`, `call:fpr@kk<=0.05`, or a bare number."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from classifiers.errors import InputError
from classifiers.evaluation.frame import Row

_DEFAULT = "label:f1"
_LOWER_IS_BETTER = (
    "manipulative:fpr",
    "manipulative:false",
    "call:fpr",
    "call:ece",
    "call:brier",
    "label:aurc",
    "label:undetermined",
)
_FORM = re.compile(
    r"\s*(?P<key>[a-z_0-9]+(?::[a-z_0-9]+)+)(?:@(?P<language>\w+))?\s*(?P<sign>>=|<=)\s*(?P<bound>\S+)\s*"
)


@dataclass(frozen=True, slots=True)
class Minimum:
    """A bound on one measure; `at_most` for measures of which less is better."""

    key: str
    language: str | None
    bound: float
    at_most: bool = False

    def __str__(self) -> str:
        where = f"@{self.language}" if self.language else ""
        return f"{self.key}{where} {'<=' if self.at_most else '>='} {self.bound:g}"

    def failure(self, rows: Sequence[Row], model: str) -> str | None:
        """Why the bound does not hold, None if it does.

        It is held against the first set of posts that has the measure: all languages, or the one that was named.

        Raises
        ------
        InputError
            If no line has that measure.
        """
        row = self._row([row for row in rows if row.model == model])
        value = row.value
        if value is not None and (value <= self.bound if self.at_most else value >= self.bound):
            return None
        return f"{self}: {row.measure} is {value:g} on {row.n:,} {row.posts} ({row.language})"

    def _row(self, rows: Sequence[Row]) -> Row:
        own = [row for row in rows if row.key == self.key and row.value is not None]
        if self.language is not None:
            fitting = [row for row in own if row.language == self.language]
        else:
            fitting = [row for row in own if row.language == "all" and not row.posts.startswith("source ")] or own
        if not fitting:
            there = ", ".join(sorted({row.key for row in rows if row.value is not None and row.key}))
            raise InputError(f"--min {self}: these posts give no such score. There are: {there or 'none'}.")
        return fitting[0]


def parse_minimum(text: str) -> Minimum:
    """A bound as it is typed; a bare number is one on the macro-F1 of the three labels without abstention.

    Raises
    ------
    InputError
        If it cannot be read.

    >>> str(parse_minimum("call:ap@ru>=0.7")), str(parse_minimum("0.5"))
    ('call:ap@ru >= 0.7', 'label:f1 >= 0.5')
    """
    found = _FORM.fullmatch(text)
    bound = found["bound"] if found else text
    try:
        number = float(bound)
    except ValueError:
        number = float("nan")
    if not 0 <= number <= 1:
        raise InputError(f"--min {text!r}: give a number from 0 to 1, or a measure as in call:ap>=0.7.")
    if not found:
        return Minimum(_DEFAULT, None, number)
    at_most = found["sign"] == "<="
    if at_most != (found["key"] in _LOWER_IS_BETTER):
        better = "at most (<=)" if not at_most else "at least (>=)"
        raise InputError(f"--min {text!r}: of {found['key']} ask for {better}.")
    return Minimum(found["key"], found["language"], number, at_most)
