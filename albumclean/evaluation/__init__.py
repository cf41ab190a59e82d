"""How well a scorer agrees with people, and how its severities answer to faults that were made on purpose."""
