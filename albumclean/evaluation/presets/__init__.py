"""One file per data set that others published: its `PRESET`."""
