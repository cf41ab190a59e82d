"""From facts to proposals: pure functions, one file per rule."""
