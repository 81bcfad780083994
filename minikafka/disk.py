"""The disk as a node sees it: files that are appended to, read, cut, and sometimes flushed.

A disk is called, and answers at once; the network and the clock are not (see `effects.py`). So write → flush → reply
are three lines that can be read. *Written* means in the page cache: it survives the death of the process, but not of
the machine. *Flushed* survives both. Kafka flushes votes and the controllers' log before they count, and does not flush
records of topics: their safety comes from other brokers.

What we leave out: directories as things of their own, file times, more than one log directory for a broker.
"""

from __future__ import annotations

from typing import Protocol


class StorageError(Exception):
    """The disk could not do what it was asked; nothing was changed. The message is for people."""


class Disk(Protocol):
    """What a node may ask of its disk. Paths are relative, with `/`."""

    def append(self, path: str, data: bytes) -> None:
        """Write at the end of a file, made if missing. Raises `StorageError` when the disk takes nothing more."""
        ...

    def read(self, path: str, position: int, length: int) -> bytes:
        """Up to `length` bytes from `position`; shorter at the end, empty for a missing file."""
        ...

    def size(self, path: str) -> int:
        """Bytes in the file, 0 when it is missing."""
        ...

    def truncate(self, path: str, length: int) -> None:
        """Cut the file down to `length` bytes."""
        ...

    def flush(self, path: str) -> None:
        """Make all that was appended to this file durable (fsync)."""
        ...

    def replace(self, path: str, data: bytes) -> None:
        """Write a small file as a whole, durably, or not at all (write beside, fsync, rename)."""
        ...

    def rename(self, path: str, new_path: str) -> None:
        """Give a file another name, durably and at once, in place of one that has it; a missing file is no error."""
        ...

    def delete(self, path: str) -> None:
        """Remove a file; a missing one is no error."""
        ...

    def paths(self, directory: str = "") -> list[str]:
        """All files, or those of one directory, sorted."""
        ...


class MemoryDisk:
    """Files in memory. It forgets everything with the process that holds it."""

    def __init__(self) -> None:
        self.files: dict[str, bytearray] = {}

    def append(self, path: str, data: bytes) -> None:
        """See `Disk.append`."""
        file = self.files.get(path)
        if file is None:
            file = self.files[path] = bytearray()
        file += data

    def read(self, path: str, position: int, length: int) -> bytes:
        """See `Disk.read`."""
        file = self.files.get(path)
        if file is None:
            return b""
        with memoryview(file) as view:
            return bytes(view[position : position + length])

    def size(self, path: str) -> int:
        """See `Disk.size`."""
        file = self.files.get(path)
        return 0 if file is None else len(file)

    def truncate(self, path: str, length: int) -> None:
        """See `Disk.truncate`."""
        if path in self.files:
            del self.files[path][length:]

    def flush(self, path: str) -> None:
        """Nothing to do: this disk and its process die together."""

    def replace(self, path: str, data: bytes) -> None:
        """See `Disk.replace`."""
        self.files[path] = bytearray(data)

    def rename(self, path: str, new_path: str) -> None:
        """See `Disk.rename`."""
        if path in self.files:
            self.files[new_path] = self.files.pop(path)

    def delete(self, path: str) -> None:
        """See `Disk.delete`."""
        self.files.pop(path, None)

    def paths(self, directory: str = "") -> list[str]:
        """See `Disk.paths`."""
        prefix = f"{directory}/" if directory else ""
        return sorted(path for path in self.files if path.startswith(prefix))
