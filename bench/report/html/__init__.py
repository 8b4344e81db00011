"""The page: one file that anyone can open, and a static site of many."""
