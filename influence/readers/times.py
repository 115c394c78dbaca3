"""Times of exports as UTC."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from influence.errors import InputError

__all__ = ["from_epoch", "parse_time", "zone_of"]

_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,?\s+|T)?(.*)")
_X_STYLE = "%a %b %d %H:%M:%S %z %Y"


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name.

    Raises InputError if there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(f"--timezone {name!r} is no time zone. Write it as Asia/Almaty or UTC.") from error


def from_epoch(number: float) -> dt.datetime:
    """Return the time of seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size.

    Eight digits that are a day of the 20th or 21st century (20240131) are that day. Raises ValueError out of range.
    """
    if 19_000_101 <= number <= 20_991_231 and number == int(number):
        day = _day(int(number))
        if day:
            return day
    size = abs(number)
    scale = 1 if size < 1e11 else 10**3 if size < 1e14 else 10**6 if size < 1e17 else 10**9
    whole = dt.timedelta(microseconds=int(number * 10**6 / scale) if isinstance(number, float) else 0)
    if isinstance(number, int):
        whole = dt.timedelta(microseconds=number * 10**6 // scale)
    try:
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + whole
    except OverflowError as error:
        raise ValueError("out of range") from error


def _day(number: int) -> dt.datetime | None:
    try:
        return dt.datetime(number // 10_000, number // 100 % 100, number % 100, tzinfo=dt.UTC)
    except ValueError:
        return None


def parse_time(value: object, zone: dt.tzinfo) -> dt.datetime:
    """Return a time in UTC from ISO 8601, `31.01.2024 10:00`, the form of mails and of X, or seconds since 1970.

    A time without a zone is read in `zone`. Raises ValueError if it is none of these.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return from_epoch(value)
    text = str(value).strip()
    if re.fullmatch(r"-?\d{9,19}|\d{1,8}", text):
        return from_epoch(int(text))
    if re.fullmatch(r"-?\d+\.\d+", text):
        return from_epoch(float(text))
    time = _written(text)
    try:
        return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError("out of range") from error


def _written(text: str) -> dt.datetime:
    day_first = _DAY_FIRST.fullmatch(text)
    if day_first:
        day, month, year, rest = day_first.groups()
        text = f"{year}-{month:0>2}-{day:0>2}" + (f"T{rest:0>5}" if rest else "")
    text = re.sub(r"^(\d{4})/(\d{2})/(\d{2})", r"\1-\2-\3", text)
    text = re.sub(r"\s+(?=UTC$|Z$|[+-]\d{2}:?\d{2}$)", "", text)
    try:
        return dt.datetime.fromisoformat(text.removesuffix("UTC") + ("+00:00" if text.endswith("UTC") else ""))
    except ValueError:
        pass
    try:
        return dt.datetime.strptime(text, _X_STYLE) if ":" in text else dt.datetime.fromisoformat(text)
    except ValueError:
        try:
            return parsedate_to_datetime(text)
        except (TypeError, ValueError, IndexError) as error:
            raise ValueError("no date") from error
