"""Opening models: the shipped one is whole and small, and what is no model is refused in one clear line."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import classifiers
from classifiers import InputError
from classifiers.loading import SHIPPED
from classifiers.prediction import Classifier
from classifiers.storage import digest


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, classifiers; dir(classifiers); classifiers.LABELS; "
        "print([m for m in ('torch', 'transformers', 'pandas', 'pyarrow', 'sklearn', 'lingua') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_exists() -> None:
    assert all(getattr(classifiers, name) is not None for name in classifiers.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = classifiers.nonsense


def test_the_shipped_model_is_small_and_in_small_pieces() -> None:
    files = [file for file in SHIPPED.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= 60_000_000
    assert all(file.stat().st_size <= 15_000_000 for file in files)


def test_the_shipped_model_says_what_it_is(shipped: Classifier) -> None:
    assert digest(SHIPPED).startswith(shipped.name.rsplit("-", 1)[1])
    assert "CC BY-NC-SA 4.0" in shipped.card["licence"]
    assert "NonCommercial-ShareAlike" in (SHIPPED / "LICENSE").read_text(encoding="utf-8")
    assert "CC BY-NC-SA 4.0" in (SHIPPED / "README.md").read_text(encoding="utf-8")
    least = shipped.card["least_validated"]
    for language, labels in shipped.card["validated"].items():
        enough = labels["posts"] >= least["posts"] and labels["calls"] >= least["calls"]
        assert enough != (language in shipped.card["unvalidated"])
    assert "kk" in shipped.card["unvalidated"]


def test_the_card_shows_the_measured_figures(shipped: Classifier) -> None:
    from classifiers.training.card import headline, score_table

    assert shipped.card["scores"]
    assert score_table(headline(shipped.card["scores"])) in (SHIPPED / "README.md").read_text(encoding="utf-8")


def test_a_model_can_be_moved(tiny: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(tiny, tmp_path / "elsewhere")
    texts = ["Приходите в субботу!", "Келіңіздер"]
    assert classifiers.load(moved).predict(texts).equals(classifiers.load(str(tiny)).predict(texts))


def broken(tiny: Path, to: Path) -> Path:
    """A copy of the tiny model to break."""
    return shutil.copytree(tiny, to / "broken", ignore=shutil.ignore_patterns("training"))


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        classifiers.load(tmp_path / "nothing")
    with pytest.raises(InputError, match="no model of ours"):
        classifiers.load(tmp_path)


@pytest.mark.parametrize(
    ("content", "says"),
    [("{", "cannot be read"), ("[]", "Copy the model again"), ('{"format": 99}', "newer"), ('{"name": 1}', "name")],
)
def test_a_damaged_description_is_named(tiny: Path, tmp_path: Path, content: str, says: str) -> None:
    folder = broken(tiny, tmp_path)
    (folder / "classifier.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        classifiers.load(folder)


def test_weights_of_another_model_are_refused(tiny: Path, tmp_path: Path) -> None:
    folder = broken(tiny, tmp_path)
    settings = json.loads((folder / "classifier.json").read_text(encoding="utf-8"))
    (folder / "classifier.json").write_text(json.dumps({**settings, "sha256": "0" * 64}), encoding="utf-8")
    with pytest.raises(InputError, match="do not match"):
        classifiers.load(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors.index.json"])
def test_a_missing_file_is_an_input_error(tiny: Path, tmp_path: Path, name: str) -> None:
    folder = broken(tiny, tmp_path)
    (folder / name).unlink()
    with pytest.raises(InputError, match="broken"):
        classifiers.load(folder)


def test_an_unknown_device_is_refused(tiny: Path) -> None:
    with pytest.raises(InputError, match="device"):
        classifiers.load(tiny, device="nonsense")
