"""Plugins with an environment of their own: their estimators run there, data travel as Arrow."""
