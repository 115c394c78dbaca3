"""Hugging Face's `datasets` library and our folder of that name leave each other alone.

A folder without Python files is still a namespace package to whoever has the repository's root on the path, and
`transformers` decides by `find_spec` alone whether the library is there.
"""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run_python(*arguments: str, cwd: Path, safe_path: bool = True) -> str:
    """Output of a fresh interpreter, started as the Makefile starts it, or without its PYTHONSAFEPATH."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    env |= {"HF_DATASETS_OFFLINE": "1"} | ({"PYTHONSAFEPATH": "1"} if safe_path else {})
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def without_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site-packages like ours that lacks Hugging Face's library, as our users have it."""
    site = tmp_path_factory.mktemp("site")
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith("datasets"):
            (site / entry.name).symlink_to(entry)
    return site


@pytest.mark.parametrize("cwd", [ROOT, ROOT / "datasets", Path("/")], ids=["root", "datasets", "elsewhere"])
def test_import_datasets_is_hugging_faces_library(cwd: Path) -> None:
    origin = run_python("-c", "import datasets; print(datasets.Dataset.__module__, datasets.__file__)", cwd=cwd)
    module, _, file = origin.partition(" ")
    assert module == "datasets.arrow_dataset"
    assert not Path(file).is_relative_to(ROOT / "datasets")


def test_both_work_in_one_process() -> None:
    code = (
        "import datasets, importlib.resources, influence\n"
        "print(datasets.Dataset.from_dict({'text': ['a', 'b']}).num_rows)\n"
        "print(importlib.resources.files('influence._data').is_dir())"
    )
    assert run_python("-c", code, cwd=ROOT).split() == ["2", "True"]


ASK = """
import site, sys
site.addsitedir(sys.argv[1])
import influence
from transformers.utils import is_datasets_available
print(is_datasets_available())
"""


# -S leaves the real site-packages out; the copy takes its place.
def test_transformers_is_not_fooled_under_make(without_library: Path) -> None:
    assert run_python("-S", "-c", ASK, str(without_library), cwd=ROOT) == "False"


def test_transformers_is_not_fooled_when_users_start_the_command(without_library: Path, tmp_path: Path) -> None:
    """An installed command has its own folder on the path, not the current one, whatever the environment says."""
    command = tmp_path / "influence"
    command.write_text(ASK)
    assert run_python("-S", str(command), str(without_library), cwd=ROOT, safe_path=False) == "False"
