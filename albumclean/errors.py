"""One tree of errors, each with its exit code; a docstring is the sentence for the user, its `{}` filled in."""

from __future__ import annotations

from enum import IntEnum
from inspect import cleandoc


class ExitCode(IntEnum):
    """What the program ends with."""

    OK = 0
    SOME_FAILED = 1  # the work was done, but some files failed or were skipped
    USAGE = 2  # the command line or the configuration is wrong
    NOTHING_DONE = 3  # the work could not be done at all
    HELD_BACK = 4  # a limit stopped a run that moves photos by itself; none was moved
    BUSY = 75  # another run is at work; the next one will do (sysexits.h: EX_TEMPFAIL)
    INTERRUPTED = 130  # Ctrl-C; go on with the same command


class AlbumcleanError(Exception):
    """Something went wrong that albumclean has no better words for: {detail}"""

    exit_code: ExitCode = ExitCode.NOTHING_DONE

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        super().__init__(fields)

    def __str__(self) -> str:
        return " ".join(cleandoc(type(self).__doc__ or "").split()).format(**self.fields)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), self.fields)  # keyword-only: the default would pass the fields by position


def _rebuilt(kind: type[AlbumcleanError], fields: dict[str, object]) -> AlbumcleanError:
    return kind(**fields)


class UsageError(AlbumcleanError):
    """{detail}"""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """The configuration file {path} can't be used: {detail}.

    Mend or remove it; `albumclean doctor` shows where it lies.
    """


class RootNotFound(AlbumcleanError):
    """{path} does not exist or can't be reached. Is the drive plugged in and the name right?"""


class NothingToScan(UsageError):
    """No folder was named. Say which one, for example `albumclean scan ~/Pictures`."""


class NothingKnown(AlbumcleanError):
    """no photo is known here yet. Run `albumclean scan FOLDER` first."""


class NoVideoKnown(NothingKnown):
    """no video is known here yet. Run `albumclean scan --videos FOLDER` first."""


class StoreError(AlbumcleanError):
    """The database {path} can't be used: {detail}."""


class StoreTooNew(StoreError):
    """The database {path} was written by a newer albumclean (schema {found}, this one knows {known}).

    Update albumclean.
    """


class StoreBusy(StoreError):
    """Another albumclean is writing to {path}. Wait until it has ended, then try again."""


class ScanElsewhere(StoreBusy):
    """Another scan is writing to {path}: {owner}. Wait until it has ended, then try again."""


class ServerRefused(StoreError):
    """The database {path} can't be reached: {detail}. {advice}"""


class ServerLost(StoreError):
    """The connection to the database {path} was lost: {detail}.

    What was done until then is kept; run the same command again when the server is back.
    """


class RunBusy(AlbumcleanError):
    """Another run is at work: {owner}. This one did nothing; the next one will do."""

    exit_code = ExitCode.BUSY


class DiskFull(StoreError):
    """No space is left for {path}. Free some space and run the same command again: what was done is kept."""


class ReadError(AlbumcleanError):
    """{path} can't be read: {detail}"""  # a state of the disk, not of the bytes: worth another try on the next scan

    exit_code = ExitCode.SOME_FAILED


class DecodeError(AlbumcleanError):
    """{path} can't be read as a photo: {detail}"""

    exit_code = ExitCode.SOME_FAILED


class ModelMissing(AlbumcleanError):
    """The model file {name} is not where it should be ({where}). Reinstall albumclean, or run `albumclean doctor`."""


class ModelUnreadable(AlbumcleanError):
    """The model file {path} can't be read: {detail}. Give yourself the right to read it, or reinstall albumclean."""


class ModelDamaged(AlbumcleanError):
    """The model file {path} is damaged (SHA-256 {found}, expected {expected}). Reinstall albumclean."""


class ModelBroken(AlbumcleanError):
    """The model {name} can't be used: {detail}.

    `albumclean models remove {name}` takes it away; then `albumclean models add PATH` brings it again.
    """


class CheckpointUnusable(UsageError):
    """{path} can't be used as a model: {detail}."""


class ScorerUnknown(UsageError):
    """There is no scorer {name!r}; there are {known}. `albumclean models add` brings others."""


class ScorerBroken(AlbumcleanError):
    """The scorer {name} of the package {package} can't be used: {detail}"""


class ContractBroken(AlbumcleanError):
    """The scorer {name} breaks the contract of docs/scorers.md: {detail}"""


class TableError(UsageError):
    """{path} can't be used as a table of scores: {detail}. docs/evaluation.md says what it must hold."""


class DatasetUnusable(UsageError):
    """{path} does not look like {title}: {detail}. What is expected: {layout} (docs/evaluation.md)."""


class CalibrationDamaged(AlbumcleanError):
    """The calibration {path} can't be used: {detail}.

    `albumclean calibrate {name}` makes it anew, and with `--reset` forgets it.
    """


class CalibrationUnusable(AlbumcleanError):
    """The calibration {path} can't be written: {detail}."""


class CalibrationRefused(UsageError):
    """{name} can't be calibrated: {detail}"""


class OutputExists(UsageError):
    """{path} is there already and is no file that this command wrote. Name another, or move it away first."""


class OutputUnusable(UsageError):
    """{path} can't be written: {detail}."""


class VideoSupportMissing(UsageError):
    """Videos can't be read yet. To have them looked at: pip install '{install}'"""


class PostgresSupportMissing(UsageError):
    """The cache is to lie in PostgreSQL, but its library can't be loaded ({detail}). Run: pip install '{install}'"""


class DeviceMissing(UsageError):
    """The device {device} was asked for, but this machine's PyTorch can't use it. Try `--device auto`."""


class MemoryRanOut(AlbumcleanError):
    """There is not enough memory to ask {name} of a photo ({detail}).

    Close other programs, or use `--workers 1`. What was found before is kept.
    """


class TorchUnusable(AlbumcleanError):
    """PyTorch can't be loaded ({detail}). If memory is short, close other programs; if not, install it anew."""


class EngineUnknown(UsageError):
    """There is no engine {name!r}; there are {known}."""


class ClusterSupportMissing(UsageError):
    """Photos can't be looked at in a cluster yet. To have that: pip install 'albumclean[cluster]'"""


class SchedulerUnnamed(UsageError):
    """Say where the cluster's scheduler is, for example `--scheduler tcp://nas:8786` (docs/cluster.md)."""


class SchedulerLost(AlbumcleanError):
    """The cluster's scheduler {address} does not answer: {detail}.

    Is it running, and does its name and port fit? What was done is kept; run the same scan again to go on.
    """


class WorkerUnfit(AlbumcleanError):
    """The worker {host} can't take part: {detail} (docs/cluster.md)."""


class FolderUnseen(WorkerUnfit):
    """The worker {host} does not see {path}. Mount it there under the same name, then start the worker anew."""


class WorkersGone(AlbumcleanError):
    """The cluster {address} has had no worker for {seconds:.0f} seconds.

    Start one (docs/cluster.md) and run the same scan again to go on: what was done is kept.
    """


class ScheduleRefused(UsageError):
    """{detail}"""


class ScheduleFailed(AlbumcleanError):
    """{detail}"""


class TrashUnavailable(AlbumcleanError):
    """{path} can't go to the trash: {detail}. Name a folder with `--to DIR` to move files there instead."""

    exit_code = ExitCode.SOME_FAILED


class QuarantineUnusable(AlbumcleanError):
    """Photos can't be moved to {path}: {detail}. Name another folder with `--to DIR`."""


class MoveRefused(AlbumcleanError):
    """{path} was not moved: {detail}."""

    exit_code = ExitCode.SOME_FAILED


class UndoImpossible(AlbumcleanError):
    """{path} can't be brought back: {detail}."""

    exit_code = ExitCode.SOME_FAILED
