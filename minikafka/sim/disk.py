"""A disk that tells *written* from *durable*, and can fail.

```
 file      [a][b][c][d]
               ▲       ▲
            durable   written         crash: nothing is lost · power loss: [c][d] are gone
                                      torn: [c] and half of [d] are left · flipped: all is left, with one bit wrong
```

* What was flushed is durable, and what has lain in the page cache for 30 s (the kernel has written it back by then:
  Linux's dirty_expire_centisecs). What was written later goes with the power.
* A disk that lies says that it has flushed, and has not: nothing becomes durable while it lies.
* A full disk takes no byte more; an empty file, which is only a name, it still makes.
* A slow disk takes its time for each write; the process waits for it.

What we leave out: truncating, renaming and deleting count as durable at once, also on a disk that lies; and wrong bits
where no CRC sees them (a batch's offset, length and epoch are outside it, in Kafka too).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from minikafka.disk import MemoryDisk, StorageError
from minikafka.protocol.records import CRC_START
from minikafka.types import Millis

WRITEBACK_MS: Millis = 30_000


class SimulatedDisk(MemoryDisk):
    """One machine's disk."""

    def __init__(self, clock: Callable[[], Millis]) -> None:
        super().__init__()
        self.full = False
        self.lying = False
        self.write_ms: Millis = 0
        """How long each write and flush takes."""
        self.busy_ms: Millis = 0
        """Time taken since the simulation last asked."""
        self._clock = clock
        self._durable: dict[str, int] = {}
        self._written: dict[str, list[tuple[Millis, int]]] = {}
        """For each file (when, size after the write), oldest first, beyond what is durable."""
        self._replaced: dict[str, bytes | None] = {}
        """What files that were replaced under a lie were before: they come back with a power loss."""

    def append(self, path: str, data: bytes) -> None:
        """See `Disk.append`."""
        if self.full and data:
            raise StorageError(f"no space left on the disk for {path}")
        super().append(path, data)
        self._written.setdefault(path, []).append((self._clock(), len(self.files[path])))
        self.busy_ms += self.write_ms

    def replace(self, path: str, data: bytes) -> None:
        """See `Disk.replace`."""
        if self.full:
            return
        if self.lying:
            before = self.files.get(path)
            self._replaced.setdefault(path, None if before is None else bytes(before))
        super().replace(path, data)
        self._durable[path] = len(data)
        self.busy_ms += self.write_ms

    def flush(self, path: str) -> None:
        """See `Disk.flush`."""
        self.busy_ms += self.write_ms
        if self.lying or path not in self.files:
            return
        self._durable[path] = self.size(path)
        self._written.pop(path, None)

    def truncate(self, path: str, length: int) -> None:
        """See `Disk.truncate`."""
        super().truncate(path, length)
        self._durable[path] = min(self._durable.get(path, 0), length)
        if path in self._written:
            self._written[path] = [(when, min(size, length)) for when, size in self._written[path]]

    def rename(self, path: str, new_path: str) -> None:
        """See `Disk.rename`."""
        if path not in self.files:
            return
        super().rename(path, new_path)
        self._durable[new_path] = self._durable.pop(path, 0)
        self._written[new_path] = self._written.pop(path, [])
        self._replaced.pop(path, None)

    def delete(self, path: str) -> None:
        """See `Disk.delete`."""
        super().delete(path)
        self._durable.pop(path, None)
        self._written.pop(path, None)
        self._replaced.pop(path, None)

    def durable_size(self, path: str) -> int:
        """Bytes of a file that survive a power loss now."""
        if self.lying:
            return self._durable.get(path, 0)
        old = [size for when, size in self._written.get(path, ()) if self._clock() - when >= WRITEBACK_MS]
        return max([self._durable.get(path, 0), *old])

    def time_taken(self) -> Millis:
        """How long the writes and flushes since the last call took."""
        taken, self.busy_ms = self.busy_ms, 0
        return taken

    def lie(self, lying: bool = True) -> None:
        """From now on flush does nothing and says nothing; or it does again what it says."""
        if self.lying and not lying:
            # What was replaced meanwhile has reached the platter by and by; what was appended waits for a flush.
            self._replaced.clear()
        self.lying = lying

    # --- power ---

    def lose_page_cache(self, damage: str = "", random: Random | None = None) -> str:
        """The power goes: every file falls back to what was durable. The path of the file that is damaged besides.

        `torn`: of the log written last all writes are left, but the last ends in its middle. `flipped`: all of them
        are left, but one bit of what was not durable yet is wrong. Nothing is damaged when all of it was durable.
        """
        damaged = self._newest_unflushed_log() if damage else ""
        for path in list(self.files):
            if path == damaged:
                continue
            super().truncate(path, self.durable_size(path))
            if not self.files[path] and path not in self._durable:
                del self.files[path]  # Its name was never flushed either.
        if damaged:
            assert random is not None, "what is damaged is drawn at random"
            self._damage(damaged, damage, random)
        for path, before in self._replaced.items():
            if before is None:
                self.files.pop(path, None)
            else:
                self.files[path] = bytearray(before)
        self._replaced.clear()
        self._written.clear()
        self._durable = {path: len(content) for path, content in self.files.items()}
        return damaged

    def _newest_unflushed_log(self) -> str:
        """The log that was written last, of topics if there is one; empty when all logs are durable."""
        newest = [
            (not path.startswith("__cluster_metadata"), writes[-1][0], path)
            for path, writes in sorted(self._written.items())
            if path.endswith(".log") and writes and len(self.files[path]) > self.durable_size(path)
        ]
        return max(newest)[2] if newest else ""

    def _damage(self, path: str, damage: str, random: Random) -> None:
        content, durable = self.files[path], self.durable_size(path)
        ends = sorted({size for _, size in self._written[path] if size > durable})
        begins = [durable, *ends[:-1]]
        if damage == "torn":
            super().truncate(path, begins[-1] + random.randrange(1, ends[-1] - begins[-1]))
        else:
            assert damage == "flipped", f"a disk cannot be {damage}"
            place = random.randrange(len(ends))  # Each write to a log is one batch.
            content[random.randrange(begins[place] + CRC_START, ends[place])] ^= 1 << random.randrange(8)
