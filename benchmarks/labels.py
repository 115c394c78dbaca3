"""Time labelling on a CPU against the `text-classification` pipeline of transformers, and compare the labels.

    python benchmarks/labels.py [--texts FILE --column NAME] [--limit 500] [--batch-size 1 16] [--model DIR]

The peer runs the same encoder with the same weights in float32, with one head, in the given batch sizes (1 is its
default), each post cut at the model's window; ours reads long posts whole, finds language, techniques and spans, and
derives the label. Labels are compared with those of the same model in float32, every post in both.
"""

import argparse
import json
import resource
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

WRITTEN = Path(__file__).parents[1] / "datasets" / "written"


def read_texts(file: Path | None, column: str, limit: int) -> list[str]:
    """Distinct texts of a JSONL or Parquet file, or of the written posts; every n-th, up to `limit`."""
    if file is None:
        lines = [line for part in sorted(WRITTEN.glob("*.jsonl")) for line in part.read_text("utf-8").splitlines()]
        texts = [json.loads(line)["text"] for line in lines]
    elif file.suffix == ".parquet":
        import pyarrow.parquet as pq

        texts = pq.read_table(file, columns=[column])[column].to_pylist()
    else:
        texts = [json.loads(line)[column] for line in file.read_text("utf-8").splitlines()]
    texts = list(dict.fromkeys(text for text in texts if text))
    return texts[:: max(1, len(texts) // limit)][:limit]


def pipeline_seconds(model: str | None, texts: Sequence[str], batch_size: int) -> float:
    """Seconds of the pipeline for the texts, loading left out."""
    from transformers import AutoModelForSequenceClassification, pipeline

    import classifiers

    opened = classifiers.load(model, device="cpu")
    network: Any = AutoModelForSequenceClassification.from_config(opened.network.encoder.config)  # type: ignore[no-untyped-call]
    network.base_model.load_state_dict(opened.network.encoder.state_dict(), strict=False)
    peer: Any = pipeline("text-classification", model=network.eval(), tokenizer=opened.encoder.tokenizer, device="cpu")
    options = {"truncation": True, "max_length": opened.settings.window, "batch_size": batch_size}
    peer(list(texts[:4]), **options)
    started = time.perf_counter()
    peer(list(texts), **options)
    return time.perf_counter() - started


def labelled(model: str | None, texts: Sequence[str], runtime: str) -> tuple[float, list[str]]:
    """Seconds and labels of our classifier, loading and conversion left out."""
    import classifiers

    opened = classifiers.load(model, device="cpu", runtime=runtime)
    opened.predict(texts[:4])
    started = time.perf_counter()
    labels = opened.predict(texts)["label"].to_pylist()
    return time.perf_counter() - started, labels


def main() -> None:
    """Print posts per second, ratios and agreement."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--texts", type=Path, help="JSONL or Parquet (default: the written posts)")
    parser.add_argument("--column", default="text")
    parser.add_argument("--limit", type=int, default=500)
    parser.add_argument("--batch-size", type=int, nargs="*", default=[1, 16])
    parser.add_argument("--model", help="a model folder (default: the shipped one)")
    parser.add_argument("--threads", type=int, default=0, help="of torch (default: its own choice)")
    given = parser.parse_args()
    if given.threads:
        import torch

        torch.set_num_threads(given.threads)
    texts = read_texts(given.texts, given.column, given.limit)
    seconds, labels = labelled(given.model, texts, "onnx")
    print(f"ours, onnx: {len(texts):,} posts in {seconds:.1f} s, {len(texts) / seconds:.1f} posts/s", flush=True)
    print(f"peak memory so far: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB", flush=True)
    for size in given.batch_size:
        peer = pipeline_seconds(given.model, texts, size)
        print(f"pipeline, batch_size={size}: {peer:.1f} s; ours is {peer / seconds:.2f} times as fast", flush=True)
    slow, expected = labelled(given.model, texts, "torch")
    same = sum(a == b for a, b in zip(labels, expected, strict=True)) / len(texts)
    print(f"ours, torch: {slow:.1f} s; ours is {slow / seconds:.2f} times as fast; equal labels {same:.2%}", flush=True)


if __name__ == "__main__":
    main()
