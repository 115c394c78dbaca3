"""Corpora that others labelled, read through written crosswalks from their labels to ours."""

from classifiers.training.corpora.corpus import Taught, corpus_examples, teach
from classifiers.training.corpora.crosswalk import Crosswalk, read_crosswalk

__all__ = ["Crosswalk", "Taught", "corpus_examples", "read_crosswalk", "teach"]
