"""The command line: one file per command; with `review`, the only room that talks to people."""
