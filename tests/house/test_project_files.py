"""What is written about the project agrees with itself: versions, pins, links."""

import importlib.metadata
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]


def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def citation(field: str) -> str:
    """Value of a top-level field of CITATION.cff."""
    found = re.search(rf"^{field}: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert found is not None
    return found[1].strip('"')


def requirements() -> list[Requirement]:
    """All direct dependencies, those of the extras too."""
    table = project()
    lines = [*table["dependencies"], *(line for extra in table["optional-dependencies"].values() for line in extra)]
    return [Requirement(line) for line in lines]


def pins(file: str = "constraints.txt") -> dict[str, str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def test_one_version_everywhere() -> None:
    import influence

    version = project()["version"]
    newest = re.search(r"^## \[?([\d.]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert newest is not None
    stated = {influence.__version__, citation("version"), newest[1], importlib.metadata.version("influence")}
    assert stated == {version}


def test_one_licence_everywhere() -> None:
    assert project()["license"] == citation("license") == "Apache-2.0"
    assert "Version 2.0, January 2004" in (ROOT / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.name)
def test_direct_dependencies_are_pinned_within_their_range(requirement: Requirement) -> None:
    # The peers of the benchmarks are pinned apart: nothing else installs them.
    known = pins() | pins("benchmarks/constraints.txt")
    assert known[canonicalize_name(requirement.name)] in requirement.specifier


def test_the_tests_run_with_the_pinned_versions() -> None:
    """Otherwise a green run says nothing about what a user installs."""
    installed = {name: importlib.metadata.version(name).partition("+")[0] for name in pins()}
    assert installed == pins()


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in target]
    assert [target for target in targets if not (ROOT / target).exists()] == []
