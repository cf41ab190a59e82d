"""The threads in which the networks run while the workers decode and the caller writes the cache."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Self

from albumclean.engines.pool import usable_cores
from albumclean.media.view import NetworkView
from albumclean.scoring.findings import Findings
from albumclean.scoring.scorer import Scorer

if TYPE_CHECKING:
    from albumclean.scoring.batches import Batch, NetworkBatches
    from albumclean.scoring.lanes import Lanes

_View = tuple[str, bytes, NetworkView]
_Item = _View | str | threading.Event  # a name: that network is to be loaded; an event: run all batches as they are

# What waits for the networks; a decoder that is faster than they are waits before the queue. It holds as much as one
# core decodes while the other imports PyTorch and loads the model: about three seconds.
WAITING = 48  # views
MOST_WAITING = 128 << 20  # bytes of them: those of some networks have 36 MB each

_JOIN_SECONDS = 5.0


class _Views:
    """A queue that is full when it holds `WAITING` views, or one view and `MOST_WAITING` bytes; None ends it."""

    def __init__(self) -> None:
        self._items: deque[_Item | None] = deque()
        self._held = 0  # bytes
        self._changed = threading.Condition()

    def put(self, item: _Item | None, timeout: float) -> bool:
        """False if there was no room for it within `timeout` seconds."""
        size = _size(item)
        with self._changed:
            if not self._changed.wait_for(lambda: self._has_room(size), timeout):
                return False
            self._items.append(item)
            self._held += size
            self._changed.notify_all()
            return True

    def get(self, timeout: float) -> _Item | None:
        """Raises queue.Empty if nothing came within `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._items, timeout):
                raise queue.Empty
            item = self._items.popleft()
            self._held -= _size(item)
            self._changed.notify_all()
            return item

    def _has_room(self, size: int) -> bool:
        return not self._items or (len(self._items) < WAITING and self._held + size <= MOST_WAITING)


def _size(item: _Item | None) -> int:
    return item[2].size if isinstance(item, tuple) else 0


@dataclass(frozen=True, slots=True)
class _Batch:
    """Views that wait for nothing but a thread."""

    number: int
    lanes: Lanes
    network: NetworkBatches
    views: Batch


class _Unfinished:
    """The batches whose findings have not come out, and who waits for those of them that were there when he asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = count()
        self._running: set[int] = set()
        self._waiting: list[tuple[threading.Event, set[int]]] = []

    def add(self) -> int:
        """A new one's number."""
        with self._lock:
            number = next(self._numbers)
            self._running.add(number)
            return number

    def remove(self, number: int) -> None:
        """Its findings are out."""
        with self._lock:
            self._running.remove(number)
            for _, numbers in self._waiting:
                numbers.discard(number)
            self._tell()

    def tell(self, done: threading.Event) -> None:
        """Set it when those that are there now are out."""
        with self._lock:
            self._waiting.append((done, set(self._running)))
            self._tell()

    def _tell(self) -> None:
        for done, numbers in self._waiting:
            if not numbers:
                done.set()
        self._waiting = [(done, numbers) for done, numbers in self._waiting if numbers]


class NetworkThread:
    """Takes views, gives findings. Models, and torch if they want it, are loaded in its first thread when needed.

    There are as many threads as forward passes run best side by side (`scoring.lanes`). They take turns at collecting
    views to batches, and run these each for itself.
    """

    def __init__(self, device: str, batch: int, scorers: Sequence[Scorer]) -> None:
        """`scorers`: those whose names `put` may be called with."""
        self._scorers = {scorer.spec.name: scorer for scorer in scorers}
        self._device = device
        self._batch = batch
        self._in = _Views()
        self._out: queue.SimpleQueue[Findings] = queue.SimpleQueue()
        self._error: BaseException | None = None
        self._stop = threading.Event()
        self._expected: set[str] = set()  # names that `expect` has been told
        self._turn = threading.Lock()  # guards what follows
        self._networks: dict[str, NetworkBatches] = {}
        self._lanes: Lanes | None = None
        self._due: deque[_Batch] = deque()
        self._ended = False  # nothing comes any more
        self._unfinished = _Unfinished()
        self._threads = [threading.Thread(target=self._work, name="networks", daemon=True)]  # the first starts others

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        # After an error, or a Ctrl-C, whatever a thread does may take for ever: a network of another package, say.
        self._join(None if kind is None else _JOIN_SECONDS)

    def expect(self, names: Iterable[str]) -> None:
        """Views for these networks are going to come: their models may be loaded while the photos are decoded."""
        for name in names:
            if name in self._scorers and name not in self._expected:
                self._expected.add(name)
                self._put(name)

    def put(self, name: str, content_hash: bytes, view: NetworkView) -> None:
        """Hand over one photo's view; waits while the queue is full. Raises what the threads raised."""
        self._put((name, content_hash, view))

    def findings(self) -> Findings:
        """What has come out since the last call. Raises what the threads raised."""
        if self._error is not None:
            raise self._error
        found = Findings()
        while not self._out.empty():
            found += self._out.get()
        return found

    def flush(self) -> threading.Event:
        """Run what was handed over before without waiting for more; set once all that was found in it is given.

        It never is if a thread raises; `findings` tells. May be called from any thread.
        """
        done = threading.Event()
        self._put(done)
        return done

    def finish(self) -> Findings:
        """Run what still waits and give the rest of the findings."""
        self._put(None)
        self._join(None)
        return self.findings()

    def _join(self, seconds: float | None) -> None:
        end = None if seconds is None else time.monotonic() + seconds
        for thread in self._threads:  # grows while the first one still lives
            thread.join(None if end is None else max(0.0, end - time.monotonic()))

    def _put(self, item: _Item | None) -> None:
        while True:
            if self._error is not None:
                raise self._error
            if self._in.put(item, timeout=0.2):
                return

    # --- in the threads ---------------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                with self._turn:
                    if self._ended and not self._due:
                        return
                    batch = self._next()
                if batch is not None:
                    with batch.lanes.room(batch.network.pixels(batch.views), by_torch=batch.network.by_torch):
                        self._out.put(batch.network.run(batch.views))
                    self._unfinished.remove(batch.number)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
            self._error = error

    def _next(self) -> _Batch | None:
        """A batch to run, or None if it has to be looked for once more."""
        if not self._due:
            try:
                item = self._in.get(timeout=0.2)
            except queue.Empty:
                return None
            self._take(item)
        return self._due.popleft() if self._due else None

    def _take(self, item: _Item | None) -> None:
        if isinstance(item, str):
            self._network(item)
        elif isinstance(item, tuple):
            name, content_hash, view = item
            self._become_due(name, [self._network(name).take(content_hash, view)])
        else:
            for name, network in self._networks.items():
                self._become_due(name, network.rest())
            if item is None:
                self._ended = True
            else:
                self._unfinished.tell(item)

    def _become_due(self, name: str, batches: Iterable[Batch]) -> None:
        for views in filter(None, batches):
            self._due.append(_Batch(self._unfinished.add(), self._begun(), self._networks[name], views))

    def _network(self, name: str) -> NetworkBatches:
        if (known := self._networks.get(name)) is not None:
            return known
        from albumclean.scoring.batches import NetworkBatches

        lanes = self._begun()
        made = NetworkBatches(self._scorers[name], self._device, self._batch, lanes.count, lanes.threads)
        self._networks[name] = made
        return made

    def _begun(self) -> Lanes:
        """The lanes, each with its thread."""
        if self._lanes is None:
            from albumclean.scoring.device import place
            from albumclean.scoring.lanes import Lanes

            self._lanes = Lanes(place(self._device), usable_cores())
            for _ in range(self._lanes.count - 1):
                thread = threading.Thread(target=self._work, name="networks", daemon=True)
                self._threads.append(thread)
                thread.start()
        return self._lanes
