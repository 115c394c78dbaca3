"""A run that is killed at any moment and started again writes what a run that nobody stops writes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

BLOCK = 25
PROGRAM = f"""
import sys
import influence.texts
influence.texts.ROWS = {BLOCK}
from influence.cli import main
main(sys.argv[1:])
"""
WORDS = [
    *("приходите", "на", "митинг", "келіңіздер", "ертең", "сағат", "онда", "алаңға", "новости", "погоды", "дождь"),
    *("бүгін", "қар", "subscribe", "news", "today"),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of one layer with heads as they are before training, its thresholds in the midst of its scores."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    from classifiers.model import PostClassifier
    from classifiers.saving import save
    from classifiers.settings import Calibration, ModelSettings

    pieces = BertWordPieceTokenizer(lowercase=False)
    pieces.train_from_iterator([" ".join(WORDS)] * 3, vocab_size=300, show_progress=False)
    special = {f"{name.lower()}_token": f"[{name}]" for name in ("CLS", "SEP", "PAD", "UNK", "MASK")}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=pieces._tokenizer, **special)  # type: ignore[no-untyped-call]
    shape: dict[str, Any] = {
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 64,
    }
    torch.manual_seed(3)
    network = PostClassifier(
        BertModel(BertConfig(vocab_size=pieces.get_vocab_size(), **shape), add_pooling_layer=False)
    )
    calibration = Calibration(negatives={"pooled": [i / 200 for i in range(60, 110)]})
    settings = ModelSettings(name="killed", window=32, overlap=4, calibration=calibration)
    folder = tmp_path_factory.mktemp("model")
    save(network, tokenizer, settings, folder)
    return folder


def _texts() -> list[str]:
    picked = random.Random(5)
    texts = [" ".join(picked.choices(WORDS, k=picked.randint(1, 9))) for _ in range(290)]
    # Texts that come again in later blocks have the labels that they had.
    return [*texts, "", "👍", *texts[:40:3], *texts[200:240:2]]


def _started(source: Path, out: Path, model: Path, cache: Path) -> subprocess.Popen[bytes]:
    words = ["classify-texts", str(source), "--out", str(out), "--model", str(model), "--max-fpr", "0.3"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "INFLUENCE_RUNTIME": "onnx", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _blocks(out: Path) -> int:
    return len(list(out.with_name(f".{out.name}.parts").glob("0*.parquet")))


def test_a_killed_run_goes_on_to_the_same_file(tmp_path: Path, model: Path) -> None:
    source, whole, out = tmp_path / "posts.jsonl", tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    texts = _texts()
    source.write_text("".join(json.dumps({"n": n, "text": text}) + "\n" for n, text in enumerate(texts)), "utf-8")
    run = _started(source, whole, model, tmp_path / "cache")
    assert run.wait() == 0
    total, picked = -(-len(texts) // BLOCK), random.Random(11)
    for least in sorted(picked.sample(range(total - 2), 2)):
        run = _started(source, out, model, tmp_path / "cache")
        while run.poll() is None and _blocks(out) <= least:
            time.sleep(0.001)
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert not out.exists() or out.read_bytes() == whole.read_bytes()
    run = _started(source, out, model, tmp_path / "cache")
    assert run.wait() == 0
    assert out.read_bytes() == whole.read_bytes()
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [(row["n"], row["text"]) for row in rows] == list(enumerate(texts))
    assert len({row["p_call"] for row in rows}) > 100
    # What the killed runs had begun is gone.
    assert {file.name for file in tmp_path.iterdir()} == {source.name, whole.name, out.name, "cache"}


class Instant:
    """Labels at once; says another probability each time that a text is computed anew."""

    basis = "instant"
    computed = 0

    def predict(self, texts: list[str], *, max_fpr: float) -> pa.Table:
        from classifiers import LABEL_SCHEMA

        rows: list[dict[str, Any]] = []
        for text in texts:
            Instant.computed += 1
            rows.append({"label": "none", "p_call": Instant.computed / 1e6, "model": text})
        return pa.Table.from_pylist(rows, schema=LABEL_SCHEMA)


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_text_that_comes_again_keeps_its_label_beyond_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    import classifiers
    from influence import texts

    monkeypatch.setattr(texts, "ROWS", 2)
    monkeypatch.setattr(classifiers, "load", lambda model: Instant(), raising=False)
    source, out = tmp_path / "posts.csv", tmp_path / "out.parquet"
    source.write_text("text\na\nb\na\nc\nb\nd\na\nd\n", encoding="utf-8")
    remember, calls = texts._Labeller.remember, 0

    def stopping(self: Any, *args: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == stop:
            raise KeyboardInterrupt
        remember(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(texts._Labeller, "remember", stopping)
        with pytest.raises(KeyboardInterrupt):
            texts.classify_texts(source, out=out)
    texts.classify_texts(source, out=out)
    rows = pq.read_table(out).to_pylist()
    assert [row["model"] for row in rows] == list("abacbdad")
    assert len({(row["model"], row["p_call"]) for row in rows}) == 4
