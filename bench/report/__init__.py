"""What the analysis found, drawn for people and written for machines."""
