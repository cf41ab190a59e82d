"""A night's run at a fixed hour: one file for each way in which systems keep time."""

from albumclean.unattended.schedule.job import Every, Job, carried_environment, parse_time, this_program
from albumclean.unattended.schedule.registry import KINDS, scheduler, usual_kind
from albumclean.unattended.schedule.scheduler import Piece, Scheduler, Surroundings

__all__ = [
    "KINDS",
    "Every",
    "Job",
    "Piece",
    "Scheduler",
    "Surroundings",
    "carried_environment",
    "parse_time",
    "scheduler",
    "this_program",
    "usual_kind",
]
