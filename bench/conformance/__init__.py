"""What plugins promise, a check for each promise, and what runs the checks."""
