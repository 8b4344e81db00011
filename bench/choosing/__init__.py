"""From a table to a choice: what to measure next within the minutes given, and what it tells."""
