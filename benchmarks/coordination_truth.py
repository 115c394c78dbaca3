"""Compare coordinated pairs with CooRTweet 2.1.3 and with the coordination-network-toolkit, on files of theirs.

    python benchmarks/coordination_truth.py --coortweet russian_coord_tweets.csv
    python benchmarks/coordination_truth.py --toolkit sample_data.csv --windows 1 10 60 3600

The first prints, for several settings, pair events, edges, accounts and the largest weight, beside what CooRTweet
itself gave where that is known. The second runs the toolkit (extra `bench`) on the same file and compares each directed
weight of its co_link, co_retweet and co_tweet networks. The exit code is 1 if anything differs.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = str(Path(__file__).resolve().parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

import pyarrow as pa  # noqa: E402
import pyarrow.compute as pc  # noqa: E402
import pyarrow.csv as pv  # noqa: E402

from coordination_timings import directed_weights, toolkit_weights  # noqa: E402
from graphs.coordination import CoordinationOptions, coordinated_edges, joined_edges, pair_events, shares_of  # noqa: E402

KNOWN = {(10, 2): (447, 442, 525, 3), (60, 2): (3791, 3721, 2110, 4)}
"""What CooRTweet 2.1.3 gives for its data set `russian_coord_tweets`, by window and min_participation."""
SETTINGS = [(window, least) for window in (0, 1, 10, 60, 600) for least in (1, 2, 3, 5)]
NETWORKS = ("co_link", "co_retweet", "co_tweet")


def coortweet_figures(table: pa.Table, window: int, least: int) -> tuple[int, int, int, int]:
    """Return pair events, edges, accounts and the largest weight of a table in the contract's columns."""
    options = CoordinationOptions(window_s=window, min_participation=least)
    shares = shares_of(table)
    edges = coordinated_edges(shares, options)
    events = sum(batch.num_rows for batch in pair_events(shares, options))
    accounts = {*edges["source"].to_pylist(), *edges["target"].to_pylist()}
    return events, edges.num_rows, len(accounts), pc.max(edges["weight"]).as_py() or 0


def compare_coortweet(file: Path) -> bool:
    """Print the figures of each setting; say whether all known ones agree, and the two engines with each other."""
    names = {"object_id": "object", "account_id": "actor_id", "content_id": "post_id", "timestamp_share": "at"}
    read = pv.read_csv(file)
    table = read.select(list(names)).rename_columns(list(names.values()))
    right = True
    print("window  min  events   edges  accounts  largest  CooRTweet 2.1.3")
    for window, least in SETTINGS:
        found = coortweet_figures(table, window, least)
        known = KNOWN.get((window, least))
        verdict = "" if known is None else ("the same" if known == found else f"DIFFERS: {known}")
        print(
            f"{window:6}  {least:3}  {found[0]:6,}  {found[1]:6,}  {found[2]:8,}  {found[3]:7}  {verdict}", flush=True
        )
        right = right and known in (None, found)
    options = CoordinationOptions(window_s=60, min_participation=2)
    same = joined_edges(table, options) == coordinated_edges(shares_of(table), options)
    print("sweep and join agree" if same else "sweep and join DIFFER")
    return right and same


def toolkit_objects(file: Path) -> pa.Table:
    """Return the objects of a file in the toolkit's columns as it sees them: links and texts of posts, no reposts'."""
    from coordination_network_toolkit.similarity import message_preprocessor

    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    with file.open(encoding="utf-8", newline="") as opened:
        reader = csv.reader(opened)
        next(reader)
        for message, user, _, repost, _, text, at, urls in reader:
            if message in seen:
                continue
            seen.add(message)
            row = {"post_id": message, "actor_id": user, "at": float(at)}
            if repost:
                rows.append({**row, "kind": "co_retweet", "object": repost})
                continue
            rows += [{**row, "kind": "co_link", "object": url} for url in dict.fromkeys(urls.split(" "))]
            rows.append({**row, "kind": "co_tweet", "object": message_preprocessor(text)})
    return pa.Table.from_pylist(rows)


def compare_toolkit(file: Path, windows: Sequence[int]) -> bool:
    """Print for each network and window how many directed weights there are and whether all agree."""
    from coordination_network_toolkit import compute_networks
    from coordination_network_toolkit.preprocess import preprocess_csv_files

    compute = {
        "co_link": compute_networks.compute_co_link_network,
        "co_retweet": compute_networks.compute_co_retweet_parallel,
        "co_tweet": compute_networks.compute_co_tweet_network,
    }
    objects, right = toolkit_objects(file), True
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "toolkit.db"
        with contextlib.redirect_stdout(io.StringIO()):
            preprocess_csv_files(str(database), [str(file)])
        for network in NETWORKS:
            shares = shares_of(objects, kinds=[network])
            for window in windows:
                with contextlib.redirect_stdout(io.StringIO()):
                    compute[network](str(database), window, n_threads=1, min_edge_weight=1)
                theirs = toolkit_weights(database, f"{network}_network")
                edges = coordinated_edges(shares, CoordinationOptions(window_s=window, min_participation=1))
                ours = directed_weights(edges, 1)
                print(
                    f"{network:10} {window:6} s: {len(theirs):5,} directed weights, {_verdict(ours, theirs)}",
                    flush=True,
                )
                right = right and ours == theirs
    return right


def _verdict(ours: dict[tuple[str, str], int], theirs: dict[tuple[str, str], int]) -> str:
    wrong = [pair for pair in {*ours, *theirs} if ours.get(pair) != theirs.get(pair)]
    return "all the same" if not wrong else f"{len(wrong)} DIFFER, as {sorted(wrong)[0]}"


def main(arguments: list[str] | None = None) -> int:
    """Compare what the command line names; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coortweet", type=Path, help="CooRTweet's data set as CSV")
    parser.add_argument("--toolkit", type=Path, help="a file in the toolkit's columns")
    parser.add_argument("--windows", type=int, nargs="+", default=[1, 10, 60, 3600])
    given = parser.parse_args(arguments)
    if not (given.coortweet or given.toolkit):
        parser.error("name a file with --coortweet, --toolkit or both")
    right = [compare_coortweet(given.coortweet)] if given.coortweet else []
    right += [compare_toolkit(given.toolkit, given.windows)] if given.toolkit else []
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
