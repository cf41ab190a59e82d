"""What a made checkpoint might do to the process that reads it; imports nothing heavy, as that process does."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from albumclean.media.workers import Ask

if TYPE_CHECKING:
    from albumclean.scoring.inspection import Found, Inspection


def crash(job: Inspection, ask: Ask) -> Found:
    """Ends the process as a fault in a C library would."""
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError


def grow(job: Inspection, ask: Ask) -> Found:
    """Wants more than it may have, which the system itself would give."""
    bytearray(8 << 30)
    raise AssertionError
