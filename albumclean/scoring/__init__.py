"""From pixels to scores: the registry, the batch pipeline, and one file per scorer."""
