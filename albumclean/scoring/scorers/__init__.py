"""One file per scorer: its `SPEC` and its `load()`."""
