"""What a plugin promises, checked: one named check for each promise."""
