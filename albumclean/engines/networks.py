"""The thread in which the networks run while the workers decode and the caller writes the cache."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from albumclean.media.view import NetworkView
from albumclean.scoring.findings import Findings
from albumclean.scoring.scorer import Scorer

_Item = tuple[str, bytes, NetworkView]

# What waits for the networks; a decoder that is faster than they are waits before the queue.
WAITING = 16  # views
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
        size = 0 if item is None else item[2].size
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
            self._held -= 0 if item is None else item[2].size
            self._changed.notify_all()
            return item

    def _has_room(self, size: int) -> bool:
        return not self._items or (len(self._items) < WAITING and self._held + size <= MOST_WAITING)


class NetworkThread:
    """Takes views, gives findings. Torch is imported and the models are loaded in the thread, at the first view."""

    def __init__(self, device: str, batch: int, scorers: Sequence[Scorer]) -> None:
        """`scorers`: those whose names `put` may be called with."""
        self._scorers = {scorer.spec.name: scorer for scorer in scorers}
        self._device = device
        self._batch = batch
        self._in = _Views()
        self._out: queue.SimpleQueue[Findings] = queue.SimpleQueue()
        self._error: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="networks", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        # After an error, or a Ctrl-C, whatever the thread does may take for ever: a network of another package, say.
        self._thread.join(None if kind is None else _JOIN_SECONDS)

    def put(self, name: str, content_hash: bytes, view: NetworkView) -> None:
        """Hand over one photo's view; waits while the queue is full. Raises what the thread raised."""
        self._put((name, content_hash, view))

    def findings(self) -> Findings:
        """What has come out since the last call. Raises what the thread raised."""
        if self._error is not None:
            raise self._error
        found = Findings()
        while not self._out.empty():
            found += self._out.get()
        return found

    def finish(self) -> Findings:
        """Run what still waits and give the rest of the findings."""
        self._put(None)
        self._thread.join()
        return self.findings()

    def _put(self, item: _Item | None) -> None:
        while True:
            if self._error is not None:
                raise self._error
            if self._in.put(item, timeout=0.2):
                return

    def _work(self) -> None:
        try:
            self._run()
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
            self._error = error

    def _run(self) -> None:
        from albumclean.scoring.batches import NetworkBatches

        networks: dict[str, NetworkBatches] = {}
        while not self._stop.is_set():
            try:
                item = self._in.get(timeout=0.2)
            except queue.Empty:
                continue
            if item is None:
                for network in networks.values():
                    self._out.put(network.flush())
                return
            name, content_hash, view = item
            if name not in networks:
                networks[name] = NetworkBatches(self._scorers[name], self._device, self._batch)
            self._out.put(networks[name].add(content_hash, view))
