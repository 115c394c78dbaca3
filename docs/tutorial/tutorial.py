"""From export files to a report, in Python: a tutorial that runs.

    python docs/tutorial/tutorial.py [FOLDER]

It works on the demo's files (a fictional debate in a city of Kazakhstan), so the figures are real results of made-up
data. Read it from top to bottom; each part begins with a line of dashes. `tutorial.md` beside this file does the same
in the shell.
"""

import shutil
import sys
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

from influence import Study

folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp()) / "tutorial"

# -- 1. A study is a folder ------------------------------------------------------------------------------------------
#
# It holds `study.toml` (what you say about the study), the roster `actors.csv` (who is a leader, who is a medium), the
# tables made from your files, and the results. Nothing is kept elsewhere: a study can be copied or deleted whole.

study = Study.create(folder, name="Tutorial")
print("made:", sorted(file.name for file in folder.iterdir()))

# You would now edit both files. Here the demo's own take their place.

with as_file(files("influence._data") / "demo") as demo:
    shutil.copytree(demo, folder / "files")
for name in ("study.toml", "actors.csv"):
    shutil.copy(folder / "files" / name, folder / name)
study = Study.open(folder)
print("population:", study.settings.population, "| window:", study.settings.window)

# -- 2. Import, and look at what was not taken -----------------------------------------------------------------------
#
# The kind of file is found from its content. Every row that was read is kept, a duplicate, or rejected with a reason.

# Telegram writes who reacted when in the local time of the computer that exported: say which that was.
records = study.import_(folder / "files" / "telegram", folder / "files" / "x", timezone="Asia/Almaty")

# Audiences of newspapers and broadcasters, and what a survey says about their overlap, are given in our own columns.

for table in ("audiences", "overlaps"):
    records += study.import_(folder / "files" / f"{table}.csv", table=table)

for record in records:
    print(f"{Path(record.source).name} ({record.format}): {record.read:,} read = {record.kept:,} kept", end="")
    print(f" + {record.duplicates:,} duplicates + {record.rejected:,} rejected")
    assert record.read == record.kept + record.duplicates + record.rejected

# The same file a second time adds nothing.

again = study.import_(folder / "files" / "x")
assert all(record.kept == 0 for record in again)

# -- 3. Tables are expressions ---------------------------------------------------------------------------------------
#
# `study.table(...)` is an Ibis expression: it runs in the engine, and only what you ask for comes into memory. Kinds
# come from the roster; accounts that it does not name are `unknown`.

actors = study.table("actors")
print(actors.group_by("kind").agg(accounts=actors.count()).order_by("kind").to_pandas().to_string(index=False))

posts = study.table("posts")
print(
    posts.group_by("platform").agg(posts=posts.count(), first=posts.created_at.min()).to_pandas().to_string(index=False)
)

# -- 4. Reach: statements of several kinds, never summed -------------------------------------------------------------
#
# `potential` counts who follows, `exposed` who was likely shown a post, `engaged` who acted on one. Each figure has an
# interval; what the data cannot give is null and says why in `reason_missing`.

reach = study.reach().to_pandas()
known = reach[reach["value"].notna()].merge(actors.select("actor_id", "name", "kind").to_pandas(), on="actor_id")
leaders = known[known["kind"] == "leader"].sort_values("value", ascending=False)
print(leaders[["name", "kind_of_reach", "value", "low", "high"]].head(6).to_string(index=False))

# -- 5. Leaders against media ----------------------------------------------------------------------------------------
#
# Ratio, difference and union, for each pair and for the groups. `leader` and `media` stand for a typical member (the
# median), `all_leaders` and `all_media` for everybody together, without counting anybody twice.

comparison = study.compare().to_pandas()
groups = comparison[comparison["a"].isin(["leader", "all_leaders"]) & (comparison["measure"] == "ratio")]
print(groups[["kind_of_reach", "a", "b", "value", "low", "high", "estimator"]].to_string(index=False))

# A ratio whose interval reaches from below 1 to above 1 does not say who reaches more. Say so when you cite it.

# -- 6. Two windows are two results ----------------------------------------------------------------------------------
#
# Results are kept by their parameters; asking again with the same ones computes nothing.

first, last = (posts.created_at.min().execute(), posts.created_at.max().execute())
middle = (first + (last - first) / 2).date()
before, after = study.reach(window=f"..{middle}"), study.reach(window=f"{middle}..")
print("exposed figures before and after", middle, ":", before.num_rows, after.num_rows)
assert len(study.results("reach")) == 3

# -- 7. Who is reshared, and how sure the ranks are ------------------------------------------------------------------

ranking = study.leaders(top_k=5).to_pandas()
top = ranking[(ranking["metric"] == "resharers") & (ranking["rank"] <= 5)]
print(top[["actor_id", "score", "rank", "rank_low", "rank_high", "p_top_k"]].to_string(index=False))

# -- 8. Which posts call people to act -------------------------------------------------------------------------------
#
# A model answers two questions about a post: does it call people to act, and by manipulation? Nobody has reviewed its
# labels.

labels = study.classify().to_pandas()
print(labels.groupby(["lang", "label"]).size().unstack(fill_value=0).to_string())

# Accounts whose share of manipulative calls is high beyond chance are proposed for review: never found guilty.

flags = study.flags().to_pandas()
for _, flag in flags.iterrows():
    print(
        flag["actor_id"],
        f"{flag['rate']:.0%} ({flag['rate_low']:.0%} to {flag['rate_high']:.0%})",
        list(flag["reasons"]),
    )

# -- 9. Everything at once, and the report ---------------------------------------------------------------------------
#
# `run` does what is out of date: here nothing but what was not asked for above with the study's own parameters.

for step, result, computed in study.run():
    print(f"{step}: {'computed' if computed else 'up to date'}, {result.run['seconds']} s")

report, figures = study.report()
print("report:", report, "| the same figures for machines:", figures.name)

# -- 10. The parts alone ---------------------------------------------------------------------------------------------
#
# `graphs` and `classifiers` know nothing of studies: they take tables or texts that you have elsewhere.

import pyarrow as pa  # noqa: E402

from graphs import rank_leaders  # noqa: E402

reshares = pa.table({"source": ["x:1", "x:2", "x:3"], "target": ["x:9", "x:9", "x:8"], "kind": ["reshare"] * 3})
print(rank_leaders(interactions=reshares, top_k=1, replicates=50, seed=1).to_pandas().head(2).to_string(index=False))
