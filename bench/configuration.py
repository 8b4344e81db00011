"""What the user has set up for all runs: plugins switched off, and where others live."""
