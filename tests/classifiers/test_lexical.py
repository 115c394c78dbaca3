"""The lexical branch: hashed n-grams learn, are stored small, and are added to the network's log odds."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import classifiers
from classifiers import InputError
from classifiers.lexical import OUTPUTS, LexicalBranch, fit_lexical, load_lexical, save_lexical
from classifiers.settings import read_settings
from classifiers.training.branch import add_branch
from classifiers.training.config import Source, TrainingConfig
from classifiers.training.data import load_examples, training_part

CALLS = [f"Приходите в {hour} на площадь, приведите друзей" for hour in range(10, 22)]
OTHERS = [f"Вчера в {hour} прошёл дождь, сообщили синоптики" for hour in range(10, 22)]


@pytest.fixture(scope="module")
def branch() -> LexicalBranch:
    labels = {"call": [True] * len(CALLS) + [False] * len(OTHERS)}
    return fit_lexical([*CALLS, *OTHERS], labels)


def test_it_tells_calls_from_others_and_has_no_opinion_on_what_was_not_asked(branch: LexicalBranch) -> None:
    scores = branch.scores(["Приходите на площадь", "Прошёл дождь"])
    assert scores[0, 0] > 0 > scores[1, 0]
    assert not scores[:, 1:].any()


def test_what_is_stored_scores_alike(branch: LexicalBranch, tmp_path: Path) -> None:
    save_lexical(branch, tmp_path)
    loaded = load_lexical(tmp_path)
    assert loaded is not None
    texts = [*CALLS, *OTHERS, "", "🙏", "совсем другое"]
    assert np.allclose(loaded.scores(texts), branch.scores(texts), atol=0.02)


def test_a_damaged_file_is_named(branch: LexicalBranch, tmp_path: Path) -> None:
    save_lexical(branch, tmp_path)
    file = tmp_path / "lexical.safetensors"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(InputError, match=r"lexical\.safetensors: cannot be read"):
        load_lexical(tmp_path)


@settings(max_examples=25, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_has_finite_scores_that_do_not_depend_on_its_neighbours(branch: LexicalBranch, text: str) -> None:
    alone, among = branch.scores([text]), branch.scores([CALLS[0], text])
    assert alone.shape == (1, len(OUTPUTS))
    assert np.isfinite(alone).all()
    assert np.allclose(alone[0], among[1])


def test_a_model_with_a_branch_adds_its_log_odds(tiny: Path, labelled: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny, folder, ignore=shutil.ignore_patterns("training"))
    source = Source(name="some", path=Path("some.jsonl"), held_out=0.4, real=True)
    examples = load_examples(TrainingConfig(sources=(source,)), labelled)
    before = classifiers.load(folder, runtime="torch").raw_scores([*CALLS, ""])
    add_branch(folder, training_part(examples), examples)
    model = classifiers.load(folder, runtime="torch")
    after = model.raw_scores([*CALLS, ""])
    found = read_settings(folder).lexical
    assert model.lexical is not None
    assert found is not None
    added = model.lexical.scores([*CALLS, ""]) * [found.ratios[name] for name in OUTPUTS]
    assert np.allclose(after.call, before.call + added[:, 0])
    assert np.allclose(after.techniques, before.techniques + added[:, 1:])
    assert np.allclose(after.manipulative, before.manipulative)


def test_a_branch_of_another_model_is_refused(tiny: Path, branch: LexicalBranch, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny, folder, ignore=shutil.ignore_patterns("training"))
    save_lexical(branch, folder)
    with pytest.raises(InputError, match="do not match"):
        classifiers.load(folder)
