"""Nights without a person: one run at a time, within its limits, and nothing moves that was not allowed by name."""
