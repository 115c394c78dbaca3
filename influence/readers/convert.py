"""Columns of any type as those of the data contract, whole columns at a time, each cell that is not readable marked."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from influence.readers.times import parse_time
from influence.tables import TIME

__all__ = ["Converted", "map_texts", "to_count", "to_number", "to_share", "to_text", "to_time"]

_NOTHING = frozenset(("", "null", "none", "nan", "na", "n/a", "-", "–", "—", "\\n"))
_DAY = r"\d{4}-\d\d-\d\d"
_CLOCK = r"[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?"
_ZONED = f"^{_DAY}{_CLOCK}(Z|[+-]\\d\\d:?\\d\\d)$"
_NAIVE = f"^{_DAY}({_CLOCK})?$"
_GAPS = re.compile(r"[\s'’_]")


@dataclass(frozen=True)
class Converted:
    """A column of the contract's type; `bad` marks the cells that hold something else."""

    values: pa.Array
    bad: pa.Array


def _whole(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if isinstance(array, pa.ChunkedArray):  # no chunk, or more than one array can hold
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.nulls(0, array.type)
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _none_bad(array: pa.Array) -> pa.Array:
    return pa.repeat(pa.scalar(False), len(array))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def to_text(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a column as texts; whole numbers without a decimal point, lists and structures as JSON."""
    array = _whole(array)
    kind = array.type
    if pa.types.is_floating(kind):
        return pa.array([_float_text(value) for value in array.to_pylist()], pa.string())
    if pa.types.is_nested(kind):
        cells = [
            None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in array.to_pylist()
        ]
        return pa.array(cells, pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([None if value is None else value.decode("utf-8", "replace") for value in array.to_pylist()])
    return array.cast(pa.string())


def _float_text(value: float | None) -> str | None:
    if value is None or value != value:
        return None
    return str(int(value)) if value.is_integer() and abs(value) < 2**63 else repr(value)


def map_texts(array: pa.Array, change: Callable[[str], Any], kind: pa.DataType | None = None) -> Converted:
    """Apply a function to every distinct text of a column; what makes it raise ValueError is marked as bad."""
    coded = array.dictionary_encode()
    values, wrong = [], []
    for text in coded.dictionary.to_pylist():
        try:
            values.append(change(text))
            wrong.append(False)
        except ValueError:
            values.append(None)
            wrong.append(True)
    kind = kind or pa.string()
    out = pa.array(values, kind).take(coded.indices)
    return Converted(out, pc.fill_null(pa.array(wrong, pa.bool_()).take(coded.indices), False))


def _partly(
    texts: pa.Array, simple: str, fast: Callable[[pa.Array], pa.Array], slow: Callable[[str], Any]
) -> Converted:
    """Convert cells of a simple form all at once and only the others one by one."""
    easy = pc.fill_null(pc.match_substring_regex(texts, simple), True)
    if pc.all(easy).as_py():
        return Converted(fast(texts), _none_bad(texts))
    none = pa.scalar(None, pa.string())
    quick = fast(pc.if_else(easy, texts, none))
    rest = map_texts(pc.if_else(easy, none, texts), slow, quick.type)
    return Converted(pc.coalesce(quick, rest.values), rest.bad)


# -- numbers -----------------------------------------------------------------------------------------------------------


def to_count(array: pa.Array | pa.ChunkedArray) -> Converted:
    """Read counts: whole numbers from 0 up, also as `2,192,098`, `2 192 098`, `12.0`, `1.2K`."""
    array = _whole(array)
    kind = array.type
    if pa.types.is_null(kind):
        return Converted(pa.nulls(len(array), pa.int64()), _none_bad(array))
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return _not_negative(array.cast(pa.int64(), safe=False))
    if pa.types.is_floating(kind):
        given = pc.and_(pc.is_valid(array), pc.invert(pc.is_nan(array)))
        good = pc.and_(pc.equal(pc.floor(array), array), pc.and_(pc.greater_equal(array, 0), pc.less(array, 2.0**62)))
        good = pc.fill_null(pc.and_(given, good), False)
        values = pc.if_else(good, array, None).cast(pa.int64())
        return Converted(values, pc.fill_null(pc.and_(given, pc.invert(good)), False))
    return _partly(to_text(array), r"^\d{1,18}$", lambda texts: texts.cast(pa.int64()), _count)


def _not_negative(array: pa.Array) -> Converted:
    bad = pc.fill_null(pc.less(array, 0), False)
    return Converted(pc.if_else(bad, None, array), bad)


def _count(text: str) -> int | None:
    plain = _GAPS.sub("", text)
    if plain.lower() in _NOTHING:
        return None
    scaled = re.fullmatch(r"(\d+(?:[.,]\d{1,2})?)([KkMmКкМм])", plain)
    if scaled:
        return round(float(scaled[1].replace(",", ".")) * (1000 if scaled[2] in "KkКк" else 1_000_000))
    if re.fullmatch(r"\d{1,3}(,\d{3})+", plain) or re.fullmatch(r"\d{1,3}(\.\d{3}){2,}", plain):
        plain = re.sub(r"[.,]", "", plain)
    plain = re.sub(r"[.,]0{1,2}$", "", plain)
    if not re.fullmatch(r"\d{1,18}", plain):
        raise ValueError("no count")
    return int(plain)


def to_number(array: pa.Array | pa.ChunkedArray) -> Converted:
    """Read numbers, also as `2,192,098.5`, `2 192 098`, `12,5`, `12%` (as 12)."""
    array = _whole(array)
    if pa.types.is_null(array.type) or pa.types.is_integer(array.type) or pa.types.is_boolean(array.type):
        return Converted(array.cast(pa.float64()), _none_bad(array))
    if pa.types.is_floating(array.type):
        values = array.cast(pa.float64())
        bad = pc.fill_null(pc.is_inf(values), False)
        return Converted(pc.if_else(pc.or_(pc.is_nan(values), bad), None, values), bad)
    return _partly(to_text(array), r"^-?\d{1,15}(\.\d+)?$", lambda texts: texts.cast(pa.float64()), _number)


def _number(text: str) -> float | None:
    plain = _GAPS.sub("", text).removesuffix("%")
    if plain.lower() in _NOTHING:
        return None
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    elif re.fullmatch(r"[+-]?\d+,\d+", plain):
        plain = plain.replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", plain):
        raise ValueError("no number")
    return float(plain)


def to_share(array: pa.Array | pa.ChunkedArray) -> Converted:
    """Read shares from 0 to 1, also as `35%`; above 1 without a percent sign is bad, since it may mean either."""
    array = _whole(array)
    found = map_texts(to_text(array), _share, pa.float64()) if _is_text(array.type) else to_number(array)
    outside = pc.or_(pc.less(found.values, 0.0), pc.greater(found.values, 1.0))
    bad = pc.or_(found.bad, pc.fill_null(outside, False))
    return Converted(pc.if_else(bad, None, found.values), bad)


def _share(text: str) -> float | None:
    value = _number(text)
    return value / 100 if value is not None and text.strip().endswith("%") else value


# -- times -------------------------------------------------------------------------------------------------------------


def to_time(array: pa.Array | pa.ChunkedArray, zone: ZoneInfo) -> Converted:
    """Read times: dates and times of Arrow, ISO 8601, days, `31.01.2024 10:00`, seconds or milliseconds since 1970.

    What has no zone is read in `zone`.
    """
    array = _whole(array)
    kind = array.type
    if pa.types.is_null(kind):
        return Converted(pa.nulls(len(array), TIME), _none_bad(array))
    if pa.types.is_date(kind):
        array, kind = array.cast(pa.timestamp("ms")), pa.timestamp("ms")
    if pa.types.is_timestamp(kind):
        return Converted(_placed(array.cast(pa.timestamp("us", kind.tz), safe=False), zone), _none_bad(array))
    if pa.types.is_integer(kind):
        return _epoch(array.cast(pa.int64(), safe=False), zone)
    return _texts_as_times(to_text(array), zone)


def _placed(array: pa.Array, zone: ZoneInfo) -> pa.Array:
    if array.type.tz is None:
        array = pc.assume_timezone(array, zone.key, ambiguous="earliest", nonexistent="latest")
    return array.cast(TIME)


def _epoch(array: pa.Array, zone: ZoneInfo) -> Converted:
    low, high = pc.min_max(array).as_py().values()
    if low is not None and low > 20_991_231 and high < 10**11:
        return Converted(pc.multiply(array, 1_000_000).cast(TIME), _none_bad(array))
    return map_texts(array.cast(pa.string()), lambda text: _time(text, zone), TIME)


def _texts_as_times(texts: pa.Array, zone: ZoneInfo) -> Converted:
    texts = pc.replace_substring_regex(texts, r"^\s*(\d{2})\.(\d{2})\.(\d{4})", r"\3-\2-\1")
    none = pa.scalar(None, pa.string())
    zoned = pc.fill_null(pc.match_substring_regex(texts, _ZONED), False)
    naive = pc.fill_null(pc.match_substring_regex(texts, _NAIVE), False)
    try:
        first = pc.if_else(zoned, texts, none).cast(TIME)
        second = _placed(pc.if_else(naive, texts, none).cast(pa.timestamp("us")), zone)
    except pa.ArrowInvalid:  # a day that is none, such as the 31st of February: find it
        return map_texts(texts, lambda text: _time(text, zone), TIME)
    easy = pc.or_(zoned, naive)
    found = pc.coalesce(first, second)
    if pc.all(pc.or_(easy, pc.is_null(texts))).as_py():
        return Converted(found, _none_bad(texts))
    rest = map_texts(pc.if_else(easy, none, texts), lambda text: _time(text, zone), TIME)
    return Converted(pc.coalesce(found, rest.values), rest.bad)


def _time(text: str, zone: ZoneInfo) -> dt.datetime | None:
    return None if text.strip().lower() in _NOTHING else parse_time(text, zone)
