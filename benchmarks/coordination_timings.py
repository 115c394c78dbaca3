"""Coordinated pairs against the coordination-network-toolkit, and the memory that they take, by size."""

from __future__ import annotations

import contextlib
import io
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from timing import Timing, timed

__all__ = ["coordination", "coordination_scale", "directed_weights", "many_shares", "toolkit_weights"]

WINDOW = 60
_DAY = 86_400

# In a process of its own as well: a process counts as its own peak what the one that started it held.
_MADE = """
import sys
import pyarrow.feather
sys.path.insert(0, sys.argv[1])
from coordination_timings import many_shares
pyarrow.feather.write_feather(many_shares(int(sys.argv[2])), sys.argv[3], compression="uncompressed")
"""

_MEASURED = """
import resource, sys, time
import pyarrow.feather
from graphs.coordination import CoordinationOptions, coordinated_edges, shares_of
small, large, least = sys.argv[1:]
options = CoordinationOptions(window_s=60, min_participation=1, min_weight=float(least))
coordinated_edges(shares_of(pyarrow.feather.read_table(small)), options)  # compiled beforehand
table = pyarrow.feather.read_table(large, memory_map=False)
clock, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
edges = coordinated_edges(shares_of(table), options)
clock, after = time.perf_counter() - clock, resource.getrusage(resource.RUSAGE_SELF)
events = int(edges["weight"].to_numpy().sum())
user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
print(clock, user, system, after.ru_maxrss, events, edges.num_rows)
"""


def many_shares(shares: int, *, seed: int = 1) -> pa.Table:
    """Return shares of links within as many days as there are millions of them, in the contract's columns.

    A tenth as many accounts and a twentieth as many links as shares; a twentieth of the shares, at most 50,000 a day,
    are of one link. Few accounts and links have most of the shares.
    """
    random = np.random.default_rng(seed)
    days = max(shares / 1e6, 1.0)
    accounts, links = max(shares // 10, 2), max(shares // 20, 2)
    hot = shares // 20
    link = np.concatenate([np.zeros(hot, np.int64), (links * random.random(shares - hot) ** 1.2).astype(np.int64)])
    # Each day has its own link of the day, so that the events grow with the shares and not with their square.
    link[:hot] = -1 - np.arange(hot) % int(days)
    actor = (accounts * random.random(shares) ** 2).astype(np.int64)
    at = np.round(1.7e9 + _DAY * days * random.random(shares))
    at[:hot] = np.round(1.7e9 + _DAY * (np.arange(hot) % int(days) + random.random(hot)))
    names = np.char.add("https://example.kz/", link.astype(str))
    return pa.table(
        {
            "actor_id": np.char.add("x:", actor.astype(str)),
            "kind": pa.repeat(pa.scalar("url"), shares),
            "object": names,
            "at": at,
            "post_id": np.char.add("x:p", np.arange(shares).astype(str)),
        }
    )


def directed_weights(edges: pa.Table, least: int) -> dict[tuple[str, str], int]:
    """Return our edges as the toolkit counts: for each ordered pair the posts of the first account in its events."""
    out = {}
    for source, target, mine, theirs in zip(
        *(edges[name].to_pylist() for name in ("source", "target", "posts_source", "posts_target")), strict=True
    ):
        out[source, target], out[target, source] = mine, theirs
    return {pair: weight for pair, weight in out.items() if weight >= least}


def toolkit_weights(database: Path, table: str) -> dict[tuple[str, str], int]:
    """Return the weights of a network that the toolkit has computed, an account's pairs with itself left out."""
    import sqlite3

    with contextlib.closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(f"select user_1, user_2, weight from {table} where user_1 <> user_2")
        return {(str(one), str(other)): int(weight) for one, other, weight in rows}


def coordination(runs: int, shares: int = 1_000_000) -> Iterator[Timing | str]:
    """Exact pairs of weight 2 and more of a million shares, from a table in memory, against the toolkit's co-link."""
    from coordination_network_toolkit.compute_networks import compute_co_link_network
    from coordination_network_toolkit.preprocess import preprocess_data

    from graphs.coordination import CoordinationOptions, coordinated_edges, shares_of

    table = many_shares(shares)
    coordinated_edges(shares_of(many_shares(10_000)))  # compiled beforehand
    options = CoordinationOptions(window_s=WINDOW, min_participation=1, min_weight=2)
    seconds = sorted(timed(lambda: coordinated_edges(shares_of(table), options)) for _ in range(runs))
    edges = coordinated_edges(shares_of(table), options)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        database = Path(folder) / "toolkit.db"
        loading = timed(lambda: preprocess_data(str(database), _messages(table)))
        computing = timed(
            lambda: compute_co_link_network(str(database), WINDOW, n_threads=2, min_edge_weight=2, resolved=False)
        )
        theirs = toolkit_weights(database, "co_link_network")
    same = directed_weights(edges, 2) == theirs
    yield f"{edges.num_rows:,} pairs of weight 2 and more, {len(theirs):,} directed ones; equal: {same}"
    what = f"coordinated pairs of {shares:,} shares"
    yield Timing(f"{what}, from a table", seconds[runs // 2], computing, "the toolkit's co_link, loaded beforehand,")
    yield Timing(f"{what}, from a table", seconds[runs // 2], loading + computing, "the toolkit's co_link with loading")


def _messages(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    columns = (table[name].to_pylist() for name in ("post_id", "actor_id", "at", "object"))
    for post, actor, at, url in zip(*columns, strict=True):
        yield post, actor, actor, "", "", "", at, [url]


def coordination_scale(runs: int) -> Iterator[str]:
    """Time and memory by number of shares, each in a process of its own: all pairs, and those of weight 2 and more.

    Medians of `runs`. Clock, then the processor's time: in the program, and in the system, which is handing out memory
    for the most part.
    """
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.arrow", Path(folder) / "large.arrow"
        _make(10_000, small)
        for shares in (1_000_000, 2_000_000, 5_000_000, 10_000_000):
            _make(shares, large)
            events = 0.0
            for least in (1, 2):
                medians = _medians([str(small), str(large), str(least)], runs)
                clock, user, system, peak, found, pairs = medians
                events = events or found
                yield (
                    f"{shares:,} shares, {events:,.0f} events, {pairs:,.0f} pairs of weight {least} and more: "
                    f"{clock:.1f} s, processor {user:.1f} + {system:.1f} s, per million events "
                    f"{1e6 * user / events:.2f} + {1e6 * system / events:.2f} s; {peak / 1e6:.2f} GB at most "
                    "(the table that was read included)"
                )


def _make(shares: int, path: Path) -> None:
    folder = str(Path(__file__).resolve().parent)
    subprocess.run([sys.executable, "-c", _MADE, folder, str(shares), str(path)], check=True)


def _medians(arguments: list[str], runs: int) -> list[float]:
    """Return the median of each figure that `_MEASURED` prints."""
    found = []
    for _ in range(runs):
        done = subprocess.run([sys.executable, "-c", _MEASURED, *arguments], check=True, capture_output=True, text=True)
        found.append([float(figure) for figure in done.stdout.split()])
    return [statistics.median(column) for column in zip(*found, strict=True)]
