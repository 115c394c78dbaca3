"""The report of a study: every figure numbered, defined, with its interval, its source and its command."""

from influence.report.write import FORMATS, LANGUAGES, write_report

__all__ = ["FORMATS", "LANGUAGES", "write_report"]
