"""A disk that tells *written* from *durable*, and can fail.

```
 file      [a][b][c][d]
               ▲       ▲
            durable   written         crash: nothing is lost · power loss: [c][d] are gone
```

* What was flushed is durable, and what has lain in the page cache for 30 s (the kernel has written it back by then:
  Linux's dirty_expire_centisecs). What was written later goes with the power.

What we leave out: torn writes, flipped bits, slow disks, lying flushes; truncation counts as durable at once.
"""

from __future__ import annotations

from collections.abc import Callable

from minikafka.disk import MemoryDisk, StorageError
from minikafka.types import Millis

WRITEBACK_MS: Millis = 30_000


class SimulatedDisk(MemoryDisk):
    """One machine's disk."""

    def __init__(self, clock: Callable[[], Millis]) -> None:
        super().__init__()
        self.full = False
        self._clock = clock
        self._durable: dict[str, int] = {}
        self._written: dict[str, list[tuple[Millis, int]]] = {}
        """For each file (when, size after the write), oldest first, beyond what is durable."""

    def append(self, path: str, data: bytes) -> None:
        """See `Disk.append`."""
        if self.full:
            raise StorageError(f"no space left on the disk for {path}")
        super().append(path, data)
        self._written.setdefault(path, []).append((self._clock(), len(self.files[path])))

    def replace(self, path: str, data: bytes) -> None:
        """See `Disk.replace`."""
        if self.full:
            return
        super().replace(path, data)
        self._durable[path] = len(data)

    def flush(self, path: str) -> None:
        """See `Disk.flush`."""
        self._durable[path] = self.size(path)
        self._written.pop(path, None)

    def truncate(self, path: str, length: int) -> None:
        """See `Disk.truncate`."""
        super().truncate(path, length)
        self._durable[path] = min(self._durable.get(path, 0), length)
        if path in self._written:
            self._written[path] = [(when, min(size, length)) for when, size in self._written[path]]

    def durable_size(self, path: str) -> int:
        """Bytes of a file that survive a power loss now."""
        old = [size for when, size in self._written.get(path, ()) if self._clock() - when >= WRITEBACK_MS]
        return max([self._durable.get(path, 0), *old])

    def lose_page_cache(self) -> None:
        """The power goes: every file falls back to what was durable."""
        for path in list(self.files):
            super().truncate(path, self.durable_size(path))
            self._durable[path] = len(self.files[path])
        self._written.clear()
