"""The table that `Classifier.predict` returns."""

import pyarrow as pa

from classifiers.scheme import TECHNIQUES

#: One span of the text: half-open range of Unicode code points, and the words themselves. `technique` is a technique,
#: or `call` for the words that carry the call; only these have a `score`, by how much they raise its log odds.
SPAN_TYPE = pa.struct(
    [
        ("technique", pa.string()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("quote", pa.string()),
        ("score", pa.float64()),
    ]
)

#: Columns of the labels, one row a text.
LABEL_SCHEMA = pa.schema(
    [
        ("lang", pa.string()),
        ("label", pa.string()),
        ("call", pa.string()),
        ("call_types", pa.list_(pa.string())),
        ("p_call", pa.float64()),
        ("techniques", pa.list_(pa.string())),
        ("p_techniques", pa.struct([(name, pa.float64()) for name in TECHNIQUES])),
        ("p_manipulative", pa.float64()),
        ("spans", pa.list_(SPAN_TYPE)),
        ("model", pa.string()),
    ]
)
