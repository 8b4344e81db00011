"""Running trials: a fresh process each, limits enforced from outside, nothing lost."""
