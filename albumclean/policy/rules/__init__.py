"""One file per rule, each exposing `RULE`; found by the registry."""
