"""Networks: the only room that imports torch at module level."""
