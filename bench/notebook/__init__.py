"""Runs and their results in a notebook or a script: measured, loaded and shown."""
