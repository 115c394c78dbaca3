"""Tables come in as Ibis expressions, Arrow tables or data frames, and mean the same."""

from __future__ import annotations

import doctest
import importlib
import math
import pkgutil
import subprocess
import sys

import ibis
import pandas as pd
import pyarrow as pa
import pytest

import graphs
from graphs.errors import GraphsError, InputError
from graphs.tables import as_ibis, pick, refuse_negative

ROWS = {"source": ["x:1", "x:2"], "weight": [1.5, 2.0]}
MODULES = [module.name for module in pkgutil.walk_packages(graphs.__path__, "graphs.")]


@pytest.mark.parametrize("make", [pa.table, pd.DataFrame, lambda rows: ibis.memtable(pa.table(rows))])
def test_every_kind_of_table_gives_the_same_rows(make: object) -> None:
    assert callable(make)
    assert as_ibis(make(ROWS)).to_pyarrow().to_pydict() == ROWS


def test_other_things_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="got dict"):
        as_ibis(ROWS)


def test_tables_of_two_engines_are_refused() -> None:
    tables = []
    for _ in range(2):
        connection = ibis.duckdb.connect()
        connection.raw_sql("create table rows as select 'x:1' as source")
        tables.append(connection.table("rows"))
    assert as_ibis(tables[0], like=tables[0]) is tables[0]
    assert as_ibis(pa.table(ROWS), like=tables[0]).columns == ("source", "weight")
    with pytest.raises(InputError, match="different engines"):
        as_ibis(tables[0], like=tables[1])


def test_missing_columns_are_named_and_optional_ones_are_null() -> None:
    with pytest.raises(InputError, match=r"interactions: there is no column 'target'; the table has source, weight"):
        pick(pa.table(ROWS), "interactions", {"source": "string", "target": "string"}, {})
    picked = pick(pa.table(ROWS), "posts", {"source": "string"}, {"views": "float64"}).to_pyarrow()
    assert picked.to_pydict() == {"source": ["x:1", "x:2"], "views": [None, None]}


def test_nan_is_null_and_text_is_no_number() -> None:
    table = pd.DataFrame({"actor_id": ["x:1", "x:2"], "views": [math.nan, 3.0]})
    assert pick(table, "posts", {"views": "float64"}, {}).to_pyarrow()["views"].to_pylist() == [None, 3.0]
    with pytest.raises(InputError, match=r"posts\.views must hold numbers, got string"):
        pick(pa.table({"views": ["many"]}), "posts", {"views": "float64"}, {})


@pytest.mark.parametrize("value", [-1.0, math.inf])
def test_impossible_counts_name_the_row_and_the_value(value: float) -> None:
    table = as_ibis(pa.table({"actor_id": ["x:1", "x:2"], "views": [3.0, value]}))
    with pytest.raises(InputError, match=f"posts: views of x:2 is {value:g}"):
        refuse_negative(table, "posts", "actor_id", ("views",))


def test_errors_have_one_base_and_a_built_in_kind() -> None:
    assert issubclass(InputError, GraphsError)
    assert issubclass(InputError, ValueError)


def test_public_names_exist_and_cost_nothing_until_used() -> None:
    assert all(getattr(graphs, name) is not None for name in graphs.__all__)
    code = "import sys, graphs; print(sorted({'ibis', 'pandas', 'scipy', 'networkx', 'pyarrow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
    with pytest.raises(AttributeError, match="no attribute 'unknown'"):
        _ = graphs.unknown


@pytest.mark.parametrize("name", MODULES)
def test_worked_examples_in_the_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
