"""Ids, handles, names and rendered texts: what accounts and posts are called in exports and tables."""

import hashlib
import string
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthesis.cast import ActorSpec
from synthesis.phrases import FIRST_NAMES, INITIALS
from synthesis.posting import Accounts, Originals
from synthesis.sets import Bools, Ints
from synthesis.texts import Texts

__all__ = ["AccountNames", "link_address", "link_code", "render_originals", "strings", "telegram_numbers", "x_numbers"]

_TELEGRAM_FIRST = 5_104_417_003
_X_FIRST = 1_210_004_417_003_000_000
_X_STEP = 9_973_331
_GROUP_FIRST = 2_028_110_443_900_000_000
"""Accounts of the coordinated group are young: their ids are the highest."""
_SNOWFLAKE_EPOCH = 1_288_834_974_657
_GROUP_HANDLES = ("dala_dauysy", "halyq_kz", "pravda_tut", "sloz_net", "oyan_qala", "ne_spi_gorod", "shyn_soz")


def strings(values: Sequence[str] | pa.Array) -> pa.ChunkedArray:
    """Make a string column."""
    return pa.chunked_array([pa.array(values, type=pa.string())])


def _join(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def _number(values: Ints) -> pa.Array:
    return pa.array(values).cast(pa.string())


@dataclass(frozen=True, slots=True)
class AccountNames:
    """What the accounts are called; every method takes an array of account numbers."""

    cast: tuple[ActorSpec, ...]
    accounts: Accounts

    def _pick(
        self, account: Ints, *, telegram: pa.Array, x: pa.Array, group: pa.Array, actor: Sequence[str | None]
    ) -> pa.Array:
        """Take each account's value from the column of its sort; `actor` has one value per named actor."""
        accounts = self.accounts
        bounds = [accounts.people, 2 * accounts.people, 2 * accounts.people + accounts.coordinated]
        sort = np.searchsorted(bounds, account, side="right")
        named = pa.array(actor, type=pa.string()).take(pa.array(np.maximum(account - bounds[2], 0)))
        return pc.choose(pa.array(sort), telegram, x, group, named)

    def native(self, account: Ints) -> pa.Array:
        """Return the platform's own ids."""
        person = account % self.accounts.people if self.accounts.people else account
        return self._pick(
            account,
            telegram=_number(_TELEGRAM_FIRST + 13 * person),
            x=_number(_X_FIRST + _X_STEP * person),
            group=_number(_GROUP_FIRST + 611_953 * (account - 2 * self.accounts.people) + 58_713),
            actor=[spec.native for spec in self.cast],
        )

    def actor_id(self, account: Ints) -> pa.Array:
        """Return the ids of the data contract."""
        return _join(self.platform(account), ":", self.native(account))

    def platform(self, account: Ints) -> pa.Array:
        """Return the platforms."""
        telegram, x = (
            pa.array([name], type=pa.string()).take(pa.array(np.zeros_like(account))) for name in ("telegram", "x")
        )
        return self._pick(account, telegram=telegram, x=x, group=x, actor=[spec.platform for spec in self.cast])

    def handle(self, account: Ints) -> pa.Array:
        """Return the handles, null where there is none."""
        person = account % self.accounts.people
        member = np.clip(account - 2 * self.accounts.people, 0, None)
        latin = _of([latin for _, latin in FIRST_NAMES], _first(person))
        return self._pick(
            account,
            telegram=pa.nulls(len(account), pa.string()),
            x=_join(latin, "_", _number(person + 1_000)),
            group=_join(_of(_GROUP_HANDLES, member), _number(11 + 17 * member)),
            actor=[spec.handle for spec in self.cast],
        )

    def name(self, account: Ints) -> pa.Array:
        """Return the names as shown."""
        person = account % self.accounts.people
        shown = _join(_of([name for name, _ in FIRST_NAMES], _first(person)), " ", _of(INITIALS, person // 7), ".")
        member = np.clip(account - 2 * self.accounts.people, 0, None)
        return self._pick(
            account, telegram=shown, x=shown, group=_of(_GROUP_HANDLES, member),
            actor=[spec.title or spec.name for spec in self.cast],
        )  # fmt: skip


def _first(person: Ints) -> Ints:
    return (person * 2_654_435_761) >> 7


def _of(values: Sequence[str], places: Ints) -> pa.Array:
    return pa.array(list(values), type=pa.string()).take(pa.array(places % len(values)))


def x_numbers(at: Ints, rng: np.random.Generator) -> Ints:
    """Return ids for posts of X made at these times: they rise with time and never repeat."""
    order = np.argsort(at, kind="stable")
    rank = np.empty(len(at), dtype=np.int64)
    rank[order] = np.arange(len(at))
    milliseconds = np.empty(len(at), dtype=np.int64)
    milliseconds[order] = np.sort(at * 1_000 + rng.integers(1_000, size=len(at)))
    return ((milliseconds - _SNOWFLAKE_EPOCH) << 22) | (rank & 0x3FFFFF)


def telegram_numbers(channel: Ints, at: Ints, rng: np.random.Generator) -> Ints:
    """Return message numbers: they count up within each channel, with gaps where messages were deleted."""
    order = np.lexsort((at, channel))
    starts = np.flatnonzero(np.diff(channel[order], prepend=-1))
    steps = 1 + (rng.random(len(at)) < 0.08).astype(np.int64)
    total = np.cumsum(steps)
    base = np.zeros(len(at), dtype=np.int64)
    base[starts] = 1
    group = np.cumsum(base) - 1
    offset = 400 + 37 * group
    numbers = np.empty(len(at), dtype=np.int64)
    numbers[order] = total - (total[starts] if len(starts) else total)[group] + offset
    return numbers


def link_code(link: int) -> str:
    """Return the short address of a link, without its host."""
    value = int.from_bytes(hashlib.blake2b(str(link).encode(), digest_size=8).digest(), "big")
    letters = string.ascii_letters + string.digits
    return "".join(letters[value // len(letters) ** place % len(letters)] for place in range(10))


def link_address(link: int, site: str) -> str:
    """Return where a link leads; the domain is reserved for examples."""
    return f"https://{site}.example/{link:05d}"


def render_originals(
    texts: Texts, cast: Sequence[ActorSpec], posts: Originals, chosen: Bools | None = None
) -> pa.Array:
    """Return the posts' texts as shown: with the mention and the short link that some carry."""
    rows = np.flatnonzero(chosen) if chosen is not None else np.arange(len(posts))
    text = pa.array(texts.texts, type=pa.string()).take(pa.array(posts.text[rows]))
    handles = pa.array(["", *(f" @{spec.handle}" for spec in cast)], type=pa.string())
    links = sorted({int(link) for link in posts.link[rows]} - {-1})
    addresses = pa.array(["", *(f" https://t.co/{link_code(link)}" for link in links)], type=pa.string())
    place = np.searchsorted(np.asarray(links, dtype=np.int64), posts.link[rows])
    return _join(
        text,
        handles.take(pa.array(posts.mention[rows] + 1)),
        addresses.take(pa.array(np.where(posts.link[rows] < 0, 0, place + 1))),
    )
