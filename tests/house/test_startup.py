"""Starting is cheap: nobody waits for torch in order to read a help page."""

import json
import subprocess
import sys

import pytest

HEAVY = {"altair", "duckdb", "ibis", "numba", "numpy", "pandas", "pyarrow", "scipy", "sklearn", "torch", "transformers"}

CALL = """
import contextlib, io, json, sys
from influence.cli import main
sys.argv = ["influence", *sys.argv[1:]]
with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.suppress(SystemExit):
    main()
print(json.dumps({"printed": printed.getvalue(), "modules": sorted({name.partition(".")[0] for name in sys.modules})}))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["import", "--help"], ["classify-texts", "--help"]], ids=" ".join)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", CALL, *arguments], capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert "Usage" in answer["printed"]
    assert HEAVY & set(answer["modules"]) == set()


@pytest.mark.parametrize("package", ["influence", "graphs", "classifiers"])
def test_importing_a_package_does_no_work(package: str) -> None:
    code = f"import {package}, sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"torch", "transformers", "numba"} & set(done.stdout.split()) == set()
    assert done.stderr == ""
