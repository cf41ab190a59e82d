"""albumclean finds the bad and the repeated photos of an album and lets their owner get rid of them without fear."""

__version__ = "0.1.0"
