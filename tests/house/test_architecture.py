"""The packages stand on each other as designed, and on no library that is not declared."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("influence", "graphs", "classifiers")
# Declared, yet never imported by name: who uses it instead.
INDIRECT = {
    "duckdb": "ibis opens it",
    "pyarrow-hotfix": "ibis imports it",
    "pandas": "ibis returns its frames",
    "vl-convert-python": "altair draws with it",
}


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    """Names of the direct dependencies, extras left out."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {normalised(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in project["dependencies"]}


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Top-level names that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def libraries() -> dict[str, set[str]]:
    """Distributions that the packages import, and the files that do."""
    known = importlib.metadata.packages_distributions()
    used: dict[str, set[str]] = {}
    for path in modules():
        for name in set(imports(path)) - set(sys.stdlib_module_names) - set(PACKAGES):
            for distribution in known.get(name, [name]):
                used.setdefault(normalised(distribution), set()).add(str(path.relative_to(ROOT)))
    return used


def test_contracts_between_the_packages_hold() -> None:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("package", ["graphs", "classifiers"])
def test_lower_packages_stand_alone(package: str) -> None:
    """Not even for annotations do they name another package of the house."""
    others = set(PACKAGES) - {package}
    assert [path for path in modules() if path.is_relative_to(ROOT / package) and others & set(imports(path))] == []


def test_every_imported_library_is_declared() -> None:
    assert {name: files for name, files in libraries().items() if name not in declared()} == {}


def test_every_declared_library_is_used() -> None:
    unused = declared() - set(libraries()) - set(INDIRECT)
    assert sorted(unused) == [], "remove it from pyproject.toml and constraints.txt"


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_say_that_they_are_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


def test_ruff_bans_importing_datasets(tmp_path: Path) -> None:
    offender = tmp_path / "offender.py"
    for line in ("import datasets\n", "from datasets import load_dataset\n", "import datasets.utils\n"):
        offender.write_text(line)
        config = ROOT / "pyproject.toml"
        done = subprocess.run(
            [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID251", "--config", config, offender],
            capture_output=True,
            text=True,
        )
        assert "TID251" in done.stdout, line
