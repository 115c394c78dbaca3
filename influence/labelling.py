"""Labels for the posts of a study: every distinct text once, kept, so that a stop loses a minute at most."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from influence.files import writing
from influence.progress import Progress, silent

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from classifiers import Classifier
    from influence.study import Study

__all__ = ["CHUNK", "label_posts"]

CHUNK = 1024
"""Texts labelled between two writes: what a kill can lose."""


def label_posts(
    study: Study, classifier: Classifier, *, key: str, max_fpr: float, progress: Progress = silent
) -> ir.Table:
    """Label every post that has a text and return the table `labels`, one row per post.

    Texts that stand in several posts are labelled once. `key` names the model and its thresholds: texts labelled
    before under the same key are not labelled again. Posts whose source gave no text at all have no row.
    """
    from classifiers import LABEL_SCHEMA

    folder = study.folder / "cache" / "labels" / key[:16]
    with writing(study.folder):
        folder.mkdir(parents=True, exist_ok=True)
    posts = study.table("posts")
    texts = posts.filter(posts.text.notnull()).select("post_id", "text", text_hash=posts.text.hexdigest("sha256"))
    _label_missing(study, texts, folder, classifier, max_fpr, progress)
    labels = _cached(study, folder, LABEL_SCHEMA)
    columns = LABEL_SCHEMA.names
    return texts.join(labels, "text_hash").select("post_id", *columns)


def _cached(study: Study, folder: Path, schema: pa.Schema) -> ir.Table:
    import pyarrow as pa

    with_key = pa.schema([pa.field("text_hash", pa.string()), *schema])
    rows = study.engine.parquet(sorted(folder.glob("part-*.parquet")), with_key)
    # A text labelled by two processes at once stands twice; both labels are the same.
    return rows.distinct(on="text_hash")


def _label_missing(
    study: Study, texts: ir.Table, folder: Path, classifier: Classifier, max_fpr: float, progress: Progress
) -> None:
    from classifiers import LABEL_SCHEMA

    distinct = texts.select("text_hash", "text").distinct(on="text_hash")
    done = _cached(study, folder, LABEL_SCHEMA).select("text_hash")
    missing = distinct.anti_join(done, "text_hash")
    with study.scratch() as scratch:
        # Read from a file of its own: the parts that it is compared with grow while it is read.
        study.engine.write(missing.order_by(missing.text.length()), scratch / "missing.parquet")
        _label_file(scratch / "missing.parquet", folder, classifier, max_fpr, progress)


def _label_file(file: Path, folder: Path, classifier: Classifier, max_fpr: float, progress: Progress) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    source = pq.ParquetFile(file)
    total, before = source.metadata.num_rows, 0
    for batch in source.iter_batches(CHUNK):
        texts = batch.column("text").to_pylist()
        start = before

        def report(done: int, start: int = start) -> None:
            progress("labelling texts", start + done, total)

        rows = classifier.predict(texts, max_fpr=max_fpr, progress=report)
        keyed = pa.table(
            [batch.column("text_hash").cast(pa.string()), *rows.columns], ["text_hash", *rows.column_names]
        )
        fresh = folder / f".{uuid.uuid4().hex}"
        pq.write_table(keyed, fresh, compression="zstd")
        os.replace(fresh, folder / f"part-{uuid.uuid4().hex}.parquet")
        before += len(texts)
        progress("labelling texts", before, total)
