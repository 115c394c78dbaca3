"""Which measure of influence predicts an audience best, on public data that the user has.

python benchmarks/validity.py reposts edges.csv             Source,Target,Weight; Source is the one reposted
python benchmarks/validity.py channels messages.parquet     messages of Telegram channels with views and forwards
python benchmarks/validity.py pages edges.csv               id_1,id_2: a mutual graph, timed
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa

from graphs import compare_rankings, from_networkx, rank_leaders
from graphs.ranking.measures import GRAPH_METRICS


def repost_edges(file: Path) -> ibis.Table:
    """Return a row per repost, from the channel that reposts to the one reposted; self-loops are left out."""
    table = ibis.duckdb.connect().read_csv(str(file))
    table = table.filter(table.Source != table.Target)
    rows = table.select(
        source=table.Target, target=table.Source, n=table.Weight.cast("int64"), kind=ibis.literal("reshare")
    )
    return rows.mutate(copy=ibis.range(0, rows.n).unnest()).drop("copy", "n")


def channel_tables(file: Path) -> tuple[ibis.Table, ibis.Table]:
    """Return reshares between channels of the data and the views of each channel's own posts.

    Forwards name their source by its handle; of those that lie outside of the data no audience is known.
    """
    table = ibis.duckdb.connect().read_parquet(str(file))
    named = table.mutate(channel=table.channel_name.lower(), origin=table.forward_msg_from_peer_name.lower())
    own = named.filter(named.is_forward == 0, named.views > 0)
    posts = own.select(actor_id=own.channel, views=own.views)
    sent = named.filter(named.origin.notnull(), named.origin != named.channel)
    return sent.select(source=sent.channel, target=sent.origin, kind=ibis.literal("reshare")), posts


def print_agreement(ranking: pa.Table, audience: str | None) -> None:
    """Print tau with its interval for each pair, or only with the audience measure; the highest first."""
    rows = [
        row for row in compare_rankings(ranking).to_pylist() if audience in (None, row["metric_a"], row["metric_b"])
    ]
    for row in sorted(rows, key=lambda row: -(row["tau"] or -2.0)):
        ends = "no interval" if row["low"] is None else f"({row['low']:.2f} to {row['high']:.2f})"
        tau = "none" if row["tau"] is None else f"{row['tau']:.2f}"
        print(f"{row['metric_a']:<12} {row['metric_b']:<12} {tau:>6} {ends:<18} n = {row['n']:,}")


def pages_graph(file: Path) -> Any:
    """Return the mutual graph of the pages."""
    import networkx as nx

    rows = ibis.duckdb.connect().read_csv(str(file)).to_pyarrow().to_pydict()
    return from_networkx(nx.Graph(list(zip(rows["id_1"], rows["id_2"], strict=True))))


def main(arguments: list[str] | None = None) -> int:
    """Rank, compare, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", choices=("reposts", "channels", "pages"))
    parser.add_argument("file", type=Path)
    given = parser.parse_args(arguments)
    metrics, options, audience = list(GRAPH_METRICS), {}, None
    if given.data == "reposts":
        options["interactions"] = repost_edges(given.file)
    elif given.data == "channels":
        options["interactions"], options["posts"] = channel_tables(given.file)
        metrics, audience = [*metrics, "views"], "views"
    else:
        options["interactions"] = pages_graph(given.file)
    for metric in metrics:
        clock = time.perf_counter()
        ranked = rank_leaders(**options, metrics=[metric])
        print(f"{metric:<12} {ranked.num_rows:>8,} ranked in {time.perf_counter() - clock:6.1f} s")
    print_agreement(rank_leaders(**options, metrics=metrics), audience)
    return 0


if __name__ == "__main__":
    sys.exit(main())
