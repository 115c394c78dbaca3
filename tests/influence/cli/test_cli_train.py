"""`train` makes a model that the other commands take, and names what it cannot use."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

CONFIG = """
name = "tiny"
epochs = 1
batch_size = 8
window = 64
prefix = ""
warmup_steps = 2
precision = "float32"
bootstrap_samples = 20
[[sources]]
name = "some"
path = "some.jsonl"
held_out = 0.4
real = true
"""


def _encoder(folder: Path, texts: list[str]) -> Path:
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    pieces = BertWordPieceTokenizer(lowercase=False)
    pieces.train_from_iterator(texts, vocab_size=500, show_progress=False)
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("cls", "sep", "pad", "unk", "mask")}
    tokenizer: Any = PreTrainedTokenizerFast
    tokenizer(tokenizer_object=pieces._tokenizer, **special).save_pretrained(folder)
    sizes: dict[str, Any] = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
    }
    config = BertConfig(vocab_size=pieces.get_vocab_size(), max_position_embeddings=96, **sizes)
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture
def labelled(tmp_path: Path) -> list[dict[str, Any]]:
    """Some written posts, as `data/some.jsonl` with settings beside the folder."""
    sources = sorted(
        (file for file in files("influence._data.written").iterdir() if file.name.endswith(".jsonl")), key=str
    )
    lines = [line for file in sources for line in file.read_text(encoding="utf-8").splitlines()][::24]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "some.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "settings.toml").write_text(CONFIG)
    return [json.loads(line) for line in lines]


def test_a_trained_model_labels_texts(influence: Run, tmp_path: Path, labelled: list[dict[str, Any]]) -> None:
    encoder = _encoder(tmp_path / "encoder", [post["text"] for post in labelled])
    words = ["--config", tmp_path / "settings.toml", "--backbone", encoder, "--out", tmp_path / "model", "--seed", 3]
    ended = influence("train", tmp_path / "data", *words, "--json")
    assert ended.code == 0, ended.err
    document = ended.json()
    assert document["model"] == str(tmp_path / "model")
    assert document["scores"]
    settings = json.loads((tmp_path / "model" / "classifier.json").read_text(encoding="utf-8"))
    assert settings["card"]["training"]["settings"]["seed"] == 3
    (tmp_path / "texts.csv").write_text("text\nКеліңіздер\n", encoding="utf-8")
    ended = influence("classify-texts", tmp_path / "texts.csv", "--model", tmp_path / "model", "--json")
    assert ended.code == 0, ended.err
    assert ended.json()["rows"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere", "--backbone", "encoder"], "nowhere"),
        (["data", "--backbone", "no/such/encoder"], "no/such/encoder"),
        (["data", "--backbone", "encoder", "--config", "no.toml"], "no.toml"),
    ],
)
@pytest.mark.usefixtures("labelled")
def test_what_cannot_be_trained_on_is_named(
    influence: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = influence("train", *words, "--out", "model")
    assert ended.code == 2, ended.err
    (line,) = ended.err.splitlines()
    assert said in line
    assert not (tmp_path / "model" / "classifier.json").exists()
