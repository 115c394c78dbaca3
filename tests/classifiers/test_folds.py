"""A post is never scored by a network that saw it, and a fold that is done is not trained again."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import classifiers
from classifiers import InputError
from classifiers.examples import Example, fingerprint
from classifiers.training import TrainingConfig, train
from classifiers.training import folds as folds_module
from classifiers.training.data import load_examples
from classifiers.training.dropout import PooledDropout, pool_dropout
from classifiers.training.folds import cross_validate, read_scores
from classifiers.training.splits import fold_numbers, parts

Config = Callable[..., TrainingConfig]


@given(st.lists(st.tuples(st.integers(0, 20), st.text("абв", max_size=3)), min_size=2, max_size=60), st.integers(2, 5))
def test_folds_are_a_partition_that_keeps_groups_and_copies_apart(posts: list[tuple[int, str]], count: int) -> None:
    examples = [Example(str(i), text, "ru", "s", group=f"s/{pair}") for i, (pair, text) in enumerate(posts)]
    folds = fold_numbers(examples, count)
    scored: list[int] = []
    for number, rest, rows in parts(examples, folds):
        scored += rows
        assert set(folds[rows]) == {number}
        assert not {e.group for e in rest} & {examples[row].group for row in rows}
        assert not {fingerprint(e.text) for e in rest} & {fingerprint(examples[row].text) for row in rows}
    assert sorted(scored) == list(range(len(examples)))


def test_a_fold_that_the_file_names_is_kept_and_one_that_is_none_is_refused() -> None:
    examples = [Example(str(i), "x", "ru", "s", fold=i) for i in range(4)]
    assert fold_numbers(examples, 4).tolist() == [0, 1, 2, 3]
    with pytest.raises(InputError, match="post '3' is in fold 3"):
        fold_numbers(examples, 3)


def test_a_cross_validated_model_is_trained_on_all_and_scored_on_what_each_fold_did_not_see(
    tmp_path: Path, tiny_backbone: Path, labelled: Path, tiny_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config(epochs=1, folds=2, lexical=True, bootstrap_samples=5)
    done = train(labelled, tiny_backbone, tmp_path / "model", config)
    model = classifiers.load(done.folder)
    examples = load_examples(config, labelled)
    (source,) = model.card["training"]["sources"].values()
    assert (source["trained_on"], source["held_out"]) == (len(examples), 0)
    assert model.card["folds"] == 2
    assert model.lexical is not None
    counted = {row["n"] for row in model.card["scores"] if row["key"] == "label:f1" and row["language"] == "all"}
    assert max(counted) <= len(examples)
    assert {row["model"] for row in model.card["scores"]} == {"model", "TF-IDF"}

    def never(*_: object) -> None:
        raise AssertionError("a fold was trained again")

    monkeypatch.setattr(folds_module, "fine_tune", never)
    again = cross_validate(examples, tiny_backbone, tmp_path / "model" / "training", config)
    assert again.raw.call.shape == (len(examples),)
    assert np.isfinite(again.raw.techniques).all()
    assert all(len(tokens.offsets) for tokens in again.raw.tokens)
    assert all(tokens.offsets.max() <= len(e.text) for tokens, e in zip(again.raw.tokens, examples, strict=True))


def test_scores_of_other_posts_are_refused(
    tmp_path: Path, tiny_backbone: Path, labelled: Path, tiny_config: Config
) -> None:
    config = tiny_config(epochs=1, folds=2, bootstrap_samples=5)
    examples = load_examples(config, labelled)
    cross_validate(examples, tiny_backbone, tmp_path, config)
    file = tmp_path / "fold0" / "scores.npz"
    with pytest.raises(InputError, match=re.escape("'some|new'")):
        read_scores(file, [Example("new", "x", "ru", "some")])
    file.write_bytes(b"damaged")
    with pytest.raises(InputError, match="cannot be read"):
        cross_validate(examples, tiny_backbone, tmp_path, config)


def test_pooled_dropout_keeps_the_share_and_the_mean_and_follows_the_seed() -> None:
    layer = PooledDropout(0.3)
    ones = torch.ones(400, 500)
    torch.manual_seed(1)
    first = layer(ones)
    torch.manual_seed(1)
    assert torch.equal(layer(ones), first)
    assert not torch.equal(layer(ones), first)
    assert first.unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    # Of 200,000 draws the share differs from 0.3 by more than 0.006 once in some billion times.
    assert abs(float((first == 0).float().mean()) - 0.3) < 0.006
    assert torch.equal(layer.eval()(ones), ones)


def test_every_dropout_of_a_network_is_replaced_but_for_those_of_share_0() -> None:
    network = nn.Sequential(nn.Dropout(0.2), nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.1)), nn.Dropout(0.0))
    pool_dropout(network)
    kinds = [type(module) for module in network.modules() if isinstance(module, nn.Dropout | PooledDropout)]
    assert kinds == [PooledDropout, PooledDropout, nn.Dropout]
