"""Where scoring runs: this machine, or an existing distributed engine."""
