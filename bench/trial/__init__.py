"""One trial's life in its own process: fitting, tuning, probes, deadlines."""
