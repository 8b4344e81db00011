"""Verdicts in words: a sentence, its details, where deep overtakes, lines for a terminal."""
