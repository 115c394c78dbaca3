"""The wheel holds the tree, all of it and nothing else, and its data are found where the code looks for them."""

import importlib.resources
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("influence", "graphs", "classifiers")
BUILD_FILES = ("pyproject.toml", "README.md", "LICENSE")
# In a checkout this link makes `influence._data` importable; in the wheel a folder takes its place.
LINK = PurePosixPath("influence/_data")


def tree_files() -> list[PurePosixPath]:
    """Files of the three packages and of datasets/, as git would commit them; without git, as they lie there."""
    folders = [*PACKAGES, "datasets"]
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *folders],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0 and listing.stdout:
        names = [PurePosixPath(os.fsdecode(name)) for name in listing.stdout.split(b"\0") if name]
    else:
        names = [PurePosixPath(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*")]
    return sorted(
        name
        for name in names
        if name != LINK and (ROOT / name).is_file() and "__pycache__" not in name.parts and LINK not in name.parents
    )


def place_in_wheel(name: PurePosixPath) -> str:
    """Path inside the wheel of a file of the tree: datasets/ becomes influence/_data/."""
    return str(LINK.joinpath(*name.parts[1:]) if name.parts[0] == "datasets" else name)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, made from the source distribution, made from a copy of the tree: no old build can leak in."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("out")
    for name in [*tree_files(), *map(PurePosixPath, BUILD_FILES)]:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy / name)
    # Without isolation nothing is fetched: setuptools stands among the development dependencies.
    built = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, copy], capture_output=True, text=True
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = out.glob("*.whl")
    return zipfile.ZipFile(path)


def test_wheel_and_tree_hold_the_same_files(wheel: zipfile.ZipFile) -> None:
    in_wheel = {name for name in wheel.namelist() if ".dist-info/" not in name}
    in_tree = {place_in_wheel(name) for name in tree_files()}
    assert sorted(in_tree - in_wheel) == [], "not in the wheel: add the package or its data to pyproject.toml"
    assert sorted(in_wheel - in_tree) == [], "in the wheel, but not in the tree"


def test_wheel_never_ships_a_top_level_named_datasets(wheel: zipfile.ZipFile) -> None:
    assert {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" not in name} == set(PACKAGES)


def test_wheel_carries_licence_and_command(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    (entry_points,) = (name for name in names if name.endswith(".dist-info/entry_points.txt"))
    assert b"influence = influence.cli:main" in wheel.read(entry_points)


def test_every_folder_is_listed_as_a_package() -> None:
    """A new subpackage or data folder must be named in pyproject.toml, or a wheel would lack it."""
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    listed = set(setuptools["packages"])
    modules = {".".join(name.parent.parts) for name in tree_files() if name.suffix == ".py"}
    data = {".".join(("influence", "_data", *name.parts[1:-1])) for name in tree_files() if name.parts[0] == "datasets"}
    assert sorted((modules | data) - listed) == []


def test_datasets_holds_no_python() -> None:
    assert [str(name) for name in tree_files() if name.parts[0] == "datasets" and name.suffix == ".py"] == []


def test_package_data_resolve_from_anywhere(tmp_path: Path) -> None:
    """An ordinary editable install finds the data, whatever the current directory is."""
    code = "from importlib.resources import files\nfor item in files('influence._data').iterdir(): print(item.name)"
    out = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    expected = {name.parts[1] for name in tree_files() if name.parts[0] == "datasets"}
    assert expected <= set(out.stdout.split("\n"))


def test_package_data_are_the_tree_itself() -> None:
    """The installed data are those of this checkout, not those of another installation on the path."""
    for name in tree_files():
        if name.parts[0] == "datasets":
            found = importlib.resources.files("influence._data")
            for part in name.parts[1:]:
                found = found / part
            assert (ROOT / name).samefile(str(found))
