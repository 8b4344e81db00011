"""From a suite and the data that it names to trials: what is measured, and what is left out."""
