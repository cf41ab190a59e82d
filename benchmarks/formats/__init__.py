"""Do we read real files right? A list of published files of every format with what independent readers say of each."""
