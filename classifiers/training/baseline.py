"""The lexical baseline: words and character n-grams with a balanced logistic regression, on the same posts."""

from collections.abc import Sequence

from classifiers.calibration import Floats
from classifiers.examples import Example
from classifiers.scheme import TECHNIQUES


def baseline_scores(train: Sequence[Example], posts: Sequence[Example]) -> dict[str, Floats]:
    """Log odds of `posts` (N,) by models fitted on `train`: keys `call`, `manipulative`, and each technique.

    A key is missing where the training posts have no label of one of the two kinds.
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import FeatureUnion

    features = FeatureUnion(
        [
            ("words", TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)),
            ("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)),
        ]
    )
    known, asked = features.fit_transform([e.text for e in train]).tocsr(), features.transform([e.text for e in posts])
    targets: dict[str, list[bool | None]] = {
        "call": [e.is_call for e in train],
        "manipulative": [e.manipulative for e in train],
    }
    for name in TECHNIQUES:
        targets[name] = [e.has(name) for e in train]
    found: dict[str, Floats] = {}
    for name, labels in targets.items():
        rows = [i for i, label in enumerate(labels) if label is not None]
        if len({labels[i] for i in rows}) == 2:
            model = LogisticRegression(class_weight="balanced", C=4.0, solver="liblinear")
            model.fit(known[rows], [bool(labels[i]) for i in rows])
            found[name] = np.asarray(model.decision_function(asked), dtype=np.float64)
    return found
