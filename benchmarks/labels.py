"""Time labelling on a CPU against the `text-classification` pipeline of transformers, and compare the labels.

    python benchmarks/labels.py [--texts FILE --column NAME] [--limit 500] [--batch-size 1 16] [--model DIR] [--runs 3]
    python benchmarks/labels.py --rows 100000 [--texts FILE] [--model DIR]

The peer runs the same encoder with the same weights in float32, with one head, in the given batch sizes (1 is what its
documentation advises on a CPU). Each post is cut at what the encoder can read, as `truncation=True` does, and in rows
of their own at our window. Ours reads long posts whole, finds language, techniques, spans and the words of calls, and
derives the label; it runs in turn with the peer. With `--short` only posts are taken that one window holds, so that
all of them read the same tokens. Labels are compared with those of the same
model computed in float32, every post in both. With `--rows`, `influence classify-texts` labels a file of so many
distinct texts in a process of its own, and its peak memory is given.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

WRITTEN = Path(__file__).parents[1] / "datasets" / "written"
_CHILD = """
import resource, sys
from influence.texts import classify_texts
report = classify_texts(sys.argv[1], out=sys.argv[2], model=sys.argv[3] or None)
print(report.rows, report.seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def read_texts(files: Sequence[Path], column: str, limit: int) -> list[str]:
    """Distinct texts of JSONL or Parquet files, or of the written posts; every n-th, up to `limit`."""
    found: list[str] = []
    for file in files or sorted(WRITTEN.glob("*.jsonl")):
        if file.suffix == ".parquet":
            import pyarrow.parquet as pq

            found += pq.read_table(file, columns=[column])[column].to_pylist()
        else:
            found += [json.loads(line).get(column) for line in file.read_text("utf-8").splitlines()]
    texts = list(dict.fromkeys(text for text in found if text))
    return texts[:: max(1, len(texts) // limit)][:limit]


def in_one_window(texts: Sequence[str], model: str | None) -> list[str]:
    """The texts that the model reads in one window."""
    import classifiers

    windows = Counter(window.text for window in classifiers.load(model, device="cpu").encoder.windows(texts))
    return [text for number, text in enumerate(texts) if windows[number] == 1]


def pipeline_call(model: str | None, batch_size: int, tokens: int) -> Callable[[Sequence[str]], Any]:
    """The pipeline over the model's encoder, as a function of texts, which are cut at so many tokens."""
    from transformers import AutoModelForSequenceClassification, pipeline

    import classifiers

    opened = classifiers.load(model, device="cpu")
    network: Any = AutoModelForSequenceClassification.from_config(opened.network.encoder.config)  # type: ignore[no-untyped-call]
    network.base_model.load_state_dict(opened.network.encoder.state_dict(), strict=False)
    peer: Any = pipeline("text-classification", model=network.eval(), tokenizer=opened.encoder.tokenizer, device="cpu")
    options = {"truncation": True, "max_length": tokens, "batch_size": batch_size}
    return lambda texts: peer(list(texts), **options)


def seconds_of(call: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> tuple[float, float, Any]:
    """Seconds on the clock, seconds of the processor, and what the call returned."""
    started, used = time.perf_counter(), time.process_time()
    found = call(texts)
    return time.perf_counter() - started, time.process_time() - used, found


def compared(model: str | None, texts: Sequence[str], batch_sizes: Sequence[int], runs: int) -> Iterator[str]:
    """Lines of a Markdown table: posts a second, ratios, equal labels."""
    import classifiers

    ours = classifiers.load(model, device="cpu", runtime="onnx")
    exact = classifiers.load(model, device="cpu", runtime="torch")
    calls: dict[str, Callable[[Sequence[str]], Any]] = {f"ours, {ours.engine.name}": ours.predict}
    for tokens in (int(ours.network.encoder.config.max_position_embeddings), ours.settings.window):
        for size in batch_sizes:
            calls[f"pipeline, batch_size={size}, {tokens} tokens"] = pipeline_call(model, size, tokens)
    calls["ours, torch"] = exact.predict
    labels: dict[str, list[str]] = {}
    wall: dict[str, list[float]] = {name: [] for name in calls}
    used: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call(texts[:8])
    looked_again = ours.looked_again
    for number in range(runs):
        for name, call in calls.items():
            clock, processor, found = seconds_of(call, texts)
            wall[name].append(clock)
            used[name].append(processor)
            if name.startswith("ours") and not number:
                labels[name] = found["label"].to_pylist()
    first, *_, last = calls
    share = (ours.looked_again - looked_again) / runs / len(texts)
    same = sum(a == b for a, b in zip(labels[first], labels[last], strict=True)) / len(texts)
    yield f"{len(texts):,} posts, {runs} runs in turn, medians; {share:.1%} of the posts were read again in float32.\n"
    yield "| what | seconds | posts/s | processor seconds | times as long as ours (clock, processor) |"
    yield "|---|---|---|---|---|"
    base = statistics.median(wall[first]), statistics.median(used[first])
    for name in calls:
        clock, processor = statistics.median(wall[name]), statistics.median(used[name])
        ratios = f"{clock / base[0]:.2f}, {processor / base[1]:.2f}"
        yield f"| {name} | {clock:.1f} | {len(texts) / clock:.1f} | {processor:.1f} | {ratios} |"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield f"\nEqual labels, {first} and {last}: {same:.2%}. Peak memory of this process, all of them: {peak:,.0f} MiB."


def streamed(model: str | None, texts: Sequence[str], rows: int) -> str:
    """Time and peak memory of `classify-texts` on a file of so many distinct texts, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "posts.jsonl"
        with source.open("w", encoding="utf-8") as out:
            for number in range(rows):
                text = f"{texts[number % len(texts)]} {number // len(texts) or ''}".strip()
                out.write(json.dumps({"id": number, "text": text}, ensure_ascii=False) + "\n")
        words = [sys.executable, "-c", _CHILD, str(source), str(Path(folder) / "out.jsonl"), model or ""]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    labelled, seconds, peak = done.stdout.split()
    speed = int(labelled) / float(seconds)
    return f"{int(labelled):,} texts in {float(seconds):,.0f} s, {speed:.1f} posts/s, peak {int(peak) / 1024:,.0f} MiB"


def main() -> None:
    """Print posts per second, ratios and agreement, or time and memory of a streamed file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--texts", type=Path, nargs="*", default=[], help="JSONL or Parquet (default: written posts)")
    parser.add_argument("--column", default="text")
    parser.add_argument("--limit", type=int, default=500)
    parser.add_argument("--batch-size", type=int, nargs="*", default=[1, 16])
    parser.add_argument("--model", help="a model folder (default: the shipped one)")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--rows", type=int, help="label a file of so many texts instead, and give the peak memory")
    parser.add_argument("--short", action="store_true", help="only posts that one window of the model holds")
    parser.add_argument("--threads", type=int, default=0, help="of torch (default: its own choice)")
    given = parser.parse_args()
    if given.threads:
        import torch

        torch.set_num_threads(given.threads)
    texts = read_texts(given.texts, given.column, given.limit)
    if given.short:
        texts = in_one_window(texts, given.model)
    if given.rows:
        print(streamed(given.model, texts, given.rows), flush=True)
        return
    for line in compared(given.model, texts, given.batch_size, given.runs):
        print(line, flush=True)


if __name__ == "__main__":
    main()
