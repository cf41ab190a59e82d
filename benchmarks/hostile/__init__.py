"""Broken, mutated and malicious files, and what a scan of them must hold: `python -m benchmarks.hostile --help`."""
