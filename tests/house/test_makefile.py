"""`make` makes .venv, keeps a sound one, and repairs a broken one by itself.

The real Makefile and real virtual environments, with a stand-in for pip: it notes each call and leaves a package.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PIP = """
import os, sys, sysconfig
from pathlib import Path
with Path("pip-calls").open("a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
if os.environ.get("PIP_BREAKS") in sys.argv:
    sys.exit("no such package")
Path(sysconfig.get_path("purelib"), "installed_package").mkdir(exist_ok=True)
"""

PYTHON = """#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then
    "{real}" -m venv --without-pip "$3"
    site=$(.venv/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")
    mkdir "$site/pip" && cp "{pip}" "$site/pip/__main__.py" && touch "$site/pip/__init__.py"
else
    exec "{real}" "$@"
fi
"""


@dataclass
class Checkout:
    """A folder with our Makefile, whose only Python is the stand-in."""

    folder: Path
    tools: Path

    def make(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run make with nothing inherited from a make that runs these tests."""
        return subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env={"PATH": str(self.tools), "HOME": str(self.folder), **env},
            capture_output=True,
            text=True,
            check=False,
        )

    def pip_calls(self) -> int:
        log = self.folder / "pip-calls"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def site(self) -> Path:
        (site,) = self.folder.glob(".venv/lib/python3*/site-packages")
        return site


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder, tools, pip = tmp_path / "a check out", tmp_path / "tools", tmp_path / "pip.py"
    folder.mkdir()
    tools.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copyfile(ROOT / name, folder / name)
    for tool in ("make", "sh", "rm", "mkdir", "touch", "cp", "find"):
        (tools / tool).symlink_to(shutil.which(tool) or pytest.fail(f"{tool} is not on PATH"))
    pip.write_text(PIP)
    # The interpreter below our own environment: an environment made from an environment needs it anyway.
    real = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
    python = tools / "python3"
    python.write_text(PYTHON.format(real=real, pip=pip))
    python.chmod(0o755)
    return Checkout(folder, tools)


def test_made_once_then_kept(checkout: Checkout) -> None:
    first = checkout.make("install")
    assert first.returncode == 0, first.stderr
    calls = checkout.pip_calls()
    assert calls == 2
    second = checkout.make("install")
    assert second.returncode == 0
    assert second.stderr == ""
    assert checkout.pip_calls() == calls


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_changed_requirements_are_installed_on_top(checkout: Checkout, name: str) -> None:
    checkout.make("install")
    keepsake = checkout.site() / "keepsake"
    keepsake.touch()
    with (checkout.folder / name).open("a") as file:
        file.write("# changed\n")
    assert checkout.make("install").returncode == 0
    assert checkout.pip_calls() == 4
    assert keepsake.exists()


@pytest.mark.parametrize("breaks", ["torch==2.13.0", ".[dev]"])
def test_interrupted_installation_starts_afresh(checkout: Checkout, breaks: str) -> None:
    broken = checkout.make("install", PIP_BREAKS=breaks)
    assert broken.returncode != 0
    leftover = checkout.site() / "half_a_package"
    leftover.mkdir()
    assert checkout.make("install").returncode == 0
    assert not leftover.exists()


@pytest.mark.parametrize("missing", ["bin/python", "bin", "lib"])
def test_broken_environment_is_made_again(checkout: Checkout, missing: str) -> None:
    checkout.make("install")
    path = checkout.folder / ".venv" / missing
    if path.is_symlink():
        path.unlink()
    else:
        shutil.rmtree(path)
    again = checkout.make("install")
    assert again.returncode == 0, again.stderr
    assert (checkout.site() / "installed_package").is_dir()


def test_lost_package_is_noticed(checkout: Checkout) -> None:
    checkout.make("install")
    shutil.rmtree(checkout.site() / "installed_package")
    again = checkout.make("install")
    assert again.returncode == 0
    assert "made again" in again.stderr
    assert (checkout.site() / "installed_package").is_dir()


def test_moved_checkout_is_noticed(checkout: Checkout) -> None:
    checkout.make("install")
    moved = Checkout(checkout.folder.rename(checkout.folder.with_name("moved")), checkout.tools)
    assert "made again" in moved.make("install").stderr
    assert moved.make("install").stderr == ""


def test_somebodys_own_environment_is_used_not_removed(checkout: Checkout) -> None:
    subprocess.run([checkout.tools / "python3", "-m", "venv", ".venv"], cwd=checkout.folder, check=True)
    keepsake = checkout.site() / "keepsake"
    keepsake.touch()
    assert checkout.make("install").returncode == 0
    assert keepsake.exists()
    assert checkout.pip_calls() == 2


def test_no_python_is_one_clear_line(checkout: Checkout) -> None:
    (checkout.tools / "python3").unlink()
    done = checkout.make("install")
    assert done.returncode != 0
    told, *rest = done.stderr.splitlines()
    assert "no Python 3.11" in told
    assert "make PYTHON=" in told
    assert all(line.startswith("make: ***") for line in rest)
    assert not (checkout.folder / ".venv").exists()


def test_named_interpreter_is_taken(checkout: Checkout) -> None:
    named = (checkout.tools / "python3").rename(checkout.folder / "my python")
    assert checkout.make("install").returncode != 0
    assert checkout.make("install", f"PYTHON={named}").returncode == 0


def test_clean_keeps_what_is_not_its_own(checkout: Checkout) -> None:
    checkout.make("install")
    own = [checkout.folder / "demo-study" / "study.toml", checkout.folder / "tests" / "__pycache__" / "a.pyc"]
    others = [checkout.folder / "my study" / "study.toml", checkout.folder / ".venv" / "installed"]
    for path in [*own, *others]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert checkout.make("clean").returncode == 0
    assert [path for path in own if path.exists()] == []
    assert [path for path in others if not path.exists()] == []


def test_tests_run_without_the_current_directory_on_the_path() -> None:
    """`make test` sets this: without it our data folder could pass for Hugging Face's library."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\nexport PYTHONSAFEPATH := 1\n" in makefile
