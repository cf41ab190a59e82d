"""Which photos are alike, and which of them to keep. Grouping does no I/O; only `fingerprint` looks at pixels."""
