"""The only room that moves files: to the trash or a folder that the user named, and back again."""

from albumclean.trash.apply import apply_plan
from albumclean.trash.describe import describe_trash
from albumclean.trash.places import inside_a_trash
from albumclean.trash.recovery import recover, resume
from albumclean.trash.undo import undo

__all__ = ["apply_plan", "describe_trash", "inside_a_trash", "recover", "resume", "undo"]
