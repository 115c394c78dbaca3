"""Kazakh in the spellings that people use, and the way back to its own."""
