"""Weights, model cards, and the code that made them. Not needed to use albumclean."""
