"""What posts share besides what stands in them: their text itself, and texts that are nearly the same."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from influence.errors import InputError
from influence.readers.base import Batch
from influence.tables import DERIVED_OBJECT_KINDS, OBJECT_KINDS, SCHEMAS

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir

    from influence.study import Study

__all__ = ["check_kinds", "normal_text", "study_objects", "text_object", "with_text_objects"]

_BATCH = 2_000
_LINK = re.compile(r"https?://\S+|\bwww\.\S+")
_MENTION = re.compile(r"@\S*")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")


def normal_text(text: str) -> str:
    """Return a text as two posts of the same words have it.

    Compatibility forms composed, case folded, without links (shorteners give each post its own), mentions (whom a copy
    is addressed to) and invisible characters, and with single spaces.

    Examples
    --------
    >>> normal_text("@aqzhol  Баршаңызды КҮТЕМІЗ! https://t.co/abc")
    'баршаңызды күтеміз!'
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_MENTION.sub("", _LINK.sub("", _INVISIBLE.sub("", plain))).split())


def text_object(text: str | None) -> str | None:
    """Return the name of a text as an object: a digest of its normal form; None if nothing is left of it."""
    plain = normal_text(text) if text else ""
    return hashlib.blake2b(plain.encode("utf-8", "replace"), digest_size=16).hexdigest() if plain else None


def with_text_objects(batch: Batch) -> Batch:
    """Return a batch with an object of the kind `text` for each post that has words of its own.

    A reshare has none: its text is the original's, and that it shares it says the object of the kind `reshare`.
    """
    posts = batch.tables.get("posts")
    if posts is None:
        return batch
    reshares = pc.or_(pc.is_valid(posts["reshared_post"]), pc.is_valid(posts["reshared_actor"]))
    own = posts.filter(pc.and_(pc.is_valid(posts["text"]), pc.invert(reshares)))
    names = pa.array([text_object(text) for text in own["text"].to_pylist()], pa.string())
    columns = {
        "post_id": own["post_id"],
        "actor_id": own["actor_id"],
        "kind": pa.repeat(pa.scalar("text"), len(names)),
        "object": names,
        "at": own["created_at"],
    }
    texts = pa.table(columns).filter(pc.is_valid(names)).cast(SCHEMAS["objects"])
    if not texts.num_rows:
        return batch
    given = batch.tables.get("objects")
    objects = texts if given is None else pa.concat_tables([given, texts])
    return Batch({**batch.tables, "objects": objects}, batch.rejects, batch.notes)


def check_kinds(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return kinds of objects, each once. Raises InputError for one that there is not, or if there is none."""
    known = (*OBJECT_KINDS, *DERIVED_OBJECT_KINDS)
    chosen = tuple(dict.fromkeys(kinds))
    wrong = [kind for kind in chosen if kind not in known]
    if wrong or not chosen:
        got = repr(wrong[0]) if wrong else "none"
        raise InputError(f"kinds of objects are {', '.join(known)}; got {got}. Write --objects url,text for several.")
    return chosen


def study_objects(
    study: Study,
    kinds: Iterable[str],
    *,
    objects: ir.Table | None = None,
    posts: ir.Table | None = None,
    near: Mapping[str, Any] | None = None,
) -> ir.Table:
    """Return the objects of a study that coordination looks at, in the contract's columns.

    Parameters
    ----------
    study
        The study.
    kinds
        Any of `url, hashtag, text, media, reshare`, which are in the table `objects`, and `near_text`, which is made
        here from the posts.
    objects, posts
        In place of the study's tables: some of their rows, for example of a window of time.
    near
        Options of `graphs.coordination.near_text.near_text_objects`.

    Raises
    ------
    InputError
        For a kind that there is not.
    """
    chosen = check_kinds(kinds)
    table = study.table("objects") if objects is None else objects
    rows = table.filter(table.kind.isin(chosen))
    if "near_text" not in chosen:
        return rows
    written = study.table("posts") if posts is None else posts
    own = written.filter(written.text.notnull(), written.reshared_post.isnull(), written.reshared_actor.isnull())
    wanted = own.select("post_id", "actor_id", "text", at="created_at")
    return rows.union(_near_texts(study, wanted, near or {}, rows.schema()))


def _near_texts(study: Study, posts: ir.Table, options: Mapping[str, Any], schema: ibis.Schema) -> ir.Table:
    """Return the near-duplicate texts of some posts; they go through a file of the study, batch by batch."""
    import ibis
    import pyarrow.parquet as pq

    from graphs.coordination.near_text import near_text_objects

    with study.scratch() as scratch:
        study.engine.write(posts, scratch / "texts.parquet")
        with pq.ParquetFile(scratch / "texts.parquet") as source:
            batches = source.iter_batches(_BATCH)
            found = near_text_objects(batches, normalise=normal_text, folder=scratch, **options)
    return ibis.memtable(found.cast(SCHEMAS["objects"]), schema=schema)
