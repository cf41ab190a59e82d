"""Whether a worker of a cluster may take part in a scan: the same program, the same models, and the same files."""

from __future__ import annotations

import os
import socket
from multiprocessing import current_process
from pathlib import Path

import albumclean
from albumclean.config import Locations
from albumclean.domain import FileIdentity, ScorerSpec
from albumclean.engines.analyse import DECODER
from albumclean.engines.errands import Plan, same_file
from albumclean.errors import AlbumcleanError, FolderUnseen, WorkerUnfit
from albumclean.scoring.collection import Scorers
from albumclean.scoring.scorer import Scorer
from albumclean.words import shown


def greet(plan: Plan) -> str:
    """Check this worker, and give its host's name. Raises WorkerUnfit."""
    scorers_for(plan)
    return host()


def host() -> str:
    """This machine's name, for people."""
    return shown(socket.gethostname())


def scorers_for(plan: Plan) -> tuple[Scorer, ...]:
    """The plan's scorers as they are here. Raises WorkerUnfit if scores would not be those of the scanning machine."""
    if plan.version != albumclean.__version__:
        raise _unfit(f"it has albumclean {albumclean.__version__}, and the scan is run by {plan.version}")
    if plan.decoder != DECODER:
        raise _unfit(f"it decodes with {DECODER}, and the scan with {plan.decoder}; install the same versions")
    for folder, witness in plan.witnesses:
        try:
            found = FileIdentity.of(witness.path, _lstat(witness.path))
        except OSError as error:
            raise FolderUnseen(host=host(), path=shown(folder), detail=error.strerror) from None
        if not same_file(witness, found):
            raise _unfit(f"{shown(witness.path)} is another file there than here, by its size or its time")
    _allow_children()
    models = Scorers.of(Locations.from_environment().models)
    return tuple(_scorer(models, spec) for spec in plan.scorers)


def check_roots(plan: Plan) -> None:
    """Raises FolderUnseen if a folder has vanished from this worker, as that of a lost mount does: it is empty then."""
    for folder, _ in plan.witnesses:
        if not _is_there(Path(folder)):
            raise FolderUnseen(host=host(), path=shown(folder))


def _is_there(root: Path) -> bool:
    try:
        return next(root.iterdir(), None) is not None if root.is_dir() else root.exists()
    except OSError:
        return False


_lstat = os.lstat


def _scorer(models: Scorers, spec: ScorerSpec) -> Scorer:
    try:
        scorer = models.find(spec.name)
    except AlbumcleanError as error:
        raise _unfit(f"{error} Bring the model there as here") from error
    if scorer.spec != spec:
        raise _unfit(f"its model {shown(spec.name)} is another one than here")
    return scorer


def _allow_children() -> None:
    """Dask's nanny makes its workers daemons, which may start no processes; but a worker here needs its decoders.

    They watch for the end of the worker by themselves, so that none is left over.
    """
    if current_process().daemon:
        current_process().daemon = False


def _unfit(detail: str) -> WorkerUnfit:
    return WorkerUnfit(host=host(), detail=detail)
