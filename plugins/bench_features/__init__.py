"""What is computed from raw data before any model learns: shared by the first-party plugins."""
