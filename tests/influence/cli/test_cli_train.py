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


BOUND = """
[[sources]]
name = "bound"
path = "bound.jsonl"
held_out = 0.4
real = true
licence = "CC BY-NC-SA 4.0"
binding = true
"""


def _card(model: Path) -> Any:
    return json.loads((model / "classifier.json").read_text(encoding="utf-8"))["card"]


def test_without_the_binding_source_the_weights_are_free_and_everything_says_so(
    influence: Run, tmp_path: Path, labelled: list[dict[str, Any]]
) -> None:
    bound = [{**post, "id": f"b{post['id']}", "text": f"Совсем другое: {post['text']}"} for post in labelled[::2]]
    lines = "".join(json.dumps(post, ensure_ascii=False) + "\n" for post in bound)
    (tmp_path / "data" / "bound.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "settings.toml").write_text(CONFIG + BOUND)
    encoder = _encoder(tmp_path / "encoder", [post["text"] for post in labelled])
    words = ["train", tmp_path / "data", "--config", tmp_path / "settings.toml", "--backbone", encoder, "--json"]
    names = {"all": [], "free": ["--without", "bound"]}
    for name, more in names.items():
        assert influence(*words, "--out", tmp_path / name, *more).code == 0
    cards = {name: _card(tmp_path / name) for name in names}
    assert cards["all"]["licence"] == "CC BY-NC-SA 4.0"
    assert cards["free"]["licence"] == "free of the licences of the sources"
    assert set(cards["free"]["training"]["sources"]) == {"some"}
    assert cards["free"]["training"]["settings"]["without"] == ["bound"]
    # Calibrated and validated on real posts of the source that is left alone.
    of_some = cards["free"]["training"]["sources"]["some"]["held_out"]
    assert sum(count["posts"] for count in cards["free"]["validated"].values()) == of_some > 0
    said = {name: influence("doctor", "--model", tmp_path / name, "--json").json()["findings"] for name in names}
    found = {name: next(f for f in findings if f["check"] == "licence") for name, findings in said.items()}
    assert (found["all"]["status"], found["free"]["status"]) == ("warning", "ok")
    assert "not for commercial use" in found["all"]["detail"]
    ended = influence(*words, "--out", tmp_path / "none", "--without", "bond")
    assert ended.code == 2
    assert "['bond']" in ended.err


def _reviewed_study(influence: Run, folder: Path) -> Path:
    """A study of 20 posts: 16 decided on by Aigerim, 2 of them by Boris too, who differs on one; one is unclear."""
    import csv

    texts = [
        f"Приходите {day} мая на площадь, возьмите воды" if day % 2 else f"{day} мая был дождь" for day in range(1, 21)
    ]
    decided = [
        [f"t:{n}", "Aigerim", "call" if n % 2 else "none", "positive" if n % 2 else "", "attend" if n % 2 else ""]
        for n in range(1, 17)
    ]
    decided[2][3] = "unclear"
    decided += [["t:1", "Boris", "call", "positive", "attend"], ["t:5", "Boris", "none", "", ""]]
    for name, rows in {
        "posts.csv": [
            ["post_id", "actor_id", "platform", "created_at", "text", "lang"],
            *([f"t:{n}", "t:a", "t", f"2026-05-{n:02}T10:00:00Z", text, "ru"] for n, text in enumerate(texts, 1)),
        ],
        "decisions.csv": [["post_id", "reviewer", "call", "verdict", "call_types"], *decided],
    }.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines).writerows(rows)
    study = folder / "study"
    for words in (
        ["init", study],
        ["import", folder / "posts.csv", "--table", "posts", "--study", study],
        ["review", "--import", folder / "decisions.csv", "--study", study],
    ):
        ended = influence(*words)
        assert ended.code == 0, ended.err
    return study


def test_reviewed_posts_are_trained_on_and_neither_texts_nor_names_leave_the_study(
    influence: Run, tmp_path: Path, labelled: list[dict[str, Any]]
) -> None:
    study, model = _reviewed_study(influence, tmp_path), tmp_path / "model"
    encoder = _encoder(tmp_path / "encoder", [post["text"] for post in labelled])
    words = ["--config", tmp_path / "settings.toml", "--backbone", encoder, "--out", model, "--study", study, "--json"]
    ended = influence("train", tmp_path / "data", *words)
    assert ended.code == 0, ended.err
    (name,) = [name for name in _card(model)["training"]["sources"] if name != "some"]
    own = _card(model)["training"]["sources"][name]
    reviewed = own["reviewed"]
    assert name == f"review:{reviewed['study']}"
    assert own["trained_on"] + own["held_out"] <= reviewed["posts"] == 15
    assert own["trained_on"] > 0
    assert reviewed["decisions"] == 18
    assert reviewed["reviewers"] == {"R1": 15, "R2": 1}
    assert reviewed["left_out"] == {"disputed": 1, "without text": 0}
    assert reviewed["verdict_unclear"] == 1
    assert reviewed["status"] == {"agreed": 1, "disputed": 1, "single": 14}
    kept = "".join(file.read_text(encoding="utf-8", errors="ignore") for file in model.rglob("*") if file.is_file())
    assert "мая на площадь" not in kept
    assert "Aigerim" not in kept
    assert "Boris" not in kept
    ended = influence("classify-texts", tmp_path / "posts.csv", "--model", model, "--json")
    assert ended.code == 0, ended.err
    assert ended.json()["rows"] == 20


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
