"""Arrow in, Arrow out: the tables of a run, the journal while it lives, and what reads them."""
