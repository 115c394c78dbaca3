"""Coordinated pairs against the coordination-network-toolkit, and the memory that they take, by size."""

from __future__ import annotations

import contextlib
import io
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

_MEASURED = """
import resource, sys, time
sys.path.insert(0, {folder!r})
from coordination_timings import many_shares
from graphs.coordination import CoordinationOptions, coordinated_edges, shares_of
coordinated_edges(shares_of(many_shares(10_000)))
table = many_shares({shares})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.perf_counter()
edges = coordinated_edges(shares_of(table), CoordinationOptions(window_s={window}, min_participation=1))
seconds = time.perf_counter() - started
print(seconds, sum(edges["weight"].to_pylist()), edges.num_rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
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
    """Time and memory by number of shares, each in a process of its own."""
    folder = str(Path(__file__).resolve().parent)
    for shares in (1_000_000, 3_000_000, 10_000_000):
        script = _MEASURED.format(folder=folder, shares=shares, window=WINDOW)
        done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
        seconds, events, edges, peak = done.stdout.split()
        yield (
            f"{shares:,} shares: {float(seconds):.1f} s, {int(events):,} events, {int(edges):,} pairs, "
            f"{1e6 * float(seconds) / int(events):.2f} s per million events, {int(peak) / 1e6:.2f} GB at most "
            "(the table that was read included)"
        )
