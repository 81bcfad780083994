"""A `Disk` of plain files: what a broker of `minikafka serve --data-dir` writes to.

    DIR/.lock                                            held as long as a server runs
    DIR/meta.properties                                  format version and cluster id
    DIR/controller-1/__cluster_metadata-0/…              the metadata log
    DIR/broker-2/orders-0/00000000000000000000.log       batches, as they came over the wire

- Written is in the page cache of the operating system: it survives `kill -9` of the server, and not a power cut.
  Flushed survives both. That is the very difference the core counts on (`minikafka/disk.py`).
- What a write that failed has left of itself is cut off again: a file holds whole appends, or a torn tail after a
  crash, which recovery cuts.
- A small file is replaced by writing `….tmp` beside it, fsync, rename, fsync of the directory: old or new, never half.
  When the disk refuses it stays the old one, with a line in the log: whoever must know looks.
- What else the file system refuses is a `StorageError`, with its own words for the reason.
- Only one server at a time; what a newer version has written is refused, not guessed at.

Mirrors `LogDirsLock`, `MetaPropertiesEnsemble` and `AtomicFileUtils`. What we leave out: memory-mapped indexes,
several log directories, preallocation.
"""

from __future__ import annotations

import base64
import contextlib
import logging
import os
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from minikafka.disk import StorageError

MOST_OPEN = 400
"""Files kept open; the one that was not used for longest is closed first."""
SAY_AGAIN_S = 10
"""So often it is said at most that a file cannot be written."""
TEMPORARY = ".tmp"
META = "meta.properties"
FORMAT_VERSION = 1

log = logging.getLogger(__name__)


class DirectoryError(Exception):
    """This directory cannot be served from; the message is one sentence."""


class OsDisk:
    """Files under one directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._open: OrderedDict[str, BinaryIO] = OrderedDict()
        self._complained_s: dict[str, float] = {}
        root.mkdir(parents=True, exist_ok=True)
        for left in root.rglob(f"*{TEMPORARY}"):
            left.unlink()

    # --- Disk ---

    def append(self, path: str, data: bytes) -> None:
        """See `Disk.append`."""
        with _refusals("write", path):
            file = self._file(path, create=True)
            assert file is not None, f"{path} was made"
            end = file.seek(0, os.SEEK_END)
            _write_all(file, data, end)

    def read(self, path: str, position: int, length: int) -> bytes:
        """See `Disk.read`."""
        with _refusals("read", path):
            file = self._file(path)
            if file is None:
                return b""
            file.seek(position)
            return file.read(length) or b""

    def size(self, path: str) -> int:
        """See `Disk.size`."""
        with _refusals("read", path):
            file = self._file(path)
            return 0 if file is None else file.seek(0, os.SEEK_END)

    def truncate(self, path: str, length: int) -> None:
        """See `Disk.truncate`."""
        with _refusals("cut", path):
            file = self._file(path)
            if file is not None and file.seek(0, os.SEEK_END) > length:
                file.truncate(length)

    def flush(self, path: str) -> None:
        """See `Disk.flush`."""
        with _refusals("flush", path):
            file = self._file(path)
            if file is not None:
                os.fsync(file.fileno())
                _sync_directory(self._place(path).parent)

    def replace(self, path: str, data: bytes) -> None:
        """See `Disk.replace`."""
        place = self._place(path)
        beside = place.with_name(place.name + TEMPORARY)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("wb", buffering=0) as file:
                _write_all(file, data, 0)
                os.fsync(file.fileno())
            self._forget(path)
            beside.replace(place)
            _sync_directory(place.parent)
        except OSError as refused:
            self._complain(path, refused)

    def _complain(self, path: str, refused: OSError) -> None:
        if path not in self._complained_s or time.monotonic() - self._complained_s[path] >= SAY_AGAIN_S:
            self._complained_s[path] = time.monotonic()
            log.warning("Cannot write %s: %s. It stays as it was.", self._place(path), refused.strerror)

    def rename(self, path: str, new_path: str) -> None:
        """See `Disk.rename`."""
        self._forget(path)
        self._forget(new_path)
        old, new = self._place(path), self._place(new_path)
        with _refusals("rename", path):
            if old.exists():
                new.parent.mkdir(parents=True, exist_ok=True)
                old.replace(new)
                _sync_directory(new.parent)

    def delete(self, path: str) -> None:
        """See `Disk.delete`; a directory that is empty then goes with its last file."""
        self._forget(path)
        place = self._place(path)
        with _refusals("delete", path):
            place.unlink(missing_ok=True)
            if place.parent != self.root and place.parent.exists() and not any(place.parent.iterdir()):
                place.parent.rmdir()

    def paths(self, directory: str = "") -> list[str]:
        """See `Disk.paths`."""
        found = []
        for folder, _, names in os.walk(self.root / directory):
            relative = Path(folder).relative_to(self.root)
            found += [(relative / name).as_posix() for name in names if not name.endswith(TEMPORARY)]
        return sorted(found)

    # --- files ---

    def close(self) -> None:
        """Close all files; the next call opens them again."""
        while self._open:
            self._open.popitem()[1].close()

    def _place(self, path: str) -> Path:
        assert path and ".." not in path.split("/") and not path.startswith("/"), f"{path!r} leads out of the directory"
        return self.root / path

    def _file(self, path: str, create: bool = False) -> BinaryIO | None:
        file = self._open.get(path)
        if file is not None:
            self._open.move_to_end(path)
            return file
        place = self._place(path)
        if not place.exists():
            if not create:
                return None
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        file = self._open[path] = place.open("r+b", buffering=0)
        if len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)[1].close()
        return file

    def _forget(self, path: str) -> None:
        file = self._open.pop(path, None)
        if file is not None:
            file.close()


@contextlib.contextmanager
def _refusals(what: str, path: str) -> Iterator[None]:
    """The operating system's no, as a disk says it."""
    try:
        yield
    except OSError as refused:
        raise StorageError(f"Cannot {what} {path}: {refused.strerror}.") from refused


def _write_all(file: BinaryIO, data: bytes, start: int) -> None:
    """All of it, or nothing."""
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError:
        with contextlib.suppress(OSError):
            file.truncate(start)
        raise


def _sync_directory(directory: Path) -> None:
    """A new name is durable when its directory is."""
    if os.name != "posix":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# --- the directory of a whole server ----------------------------------------------------------------------------------


class DataDirectory:
    """Locks a directory for one server, and knows the cluster that lives in it."""

    def __init__(self, root: Path) -> None:
        """Raises `DirectoryError`."""
        self.root = root
        self._disks: list[OsDisk] = []
        try:
            root.mkdir(parents=True, exist_ok=True)
            self._lock = (root / ".lock").open("a+b")
        except OSError as refused:
            raise DirectoryError(f"Cannot use {root}: {refused.strerror}.") from None
        if not _try_lock(self._lock):
            self._lock.close()
            raise DirectoryError(f"Another server is running on {root}.")
        try:
            self.cluster_id = self._read_or_make()
        except DirectoryError:
            self._lock.close()
            raise

    def disk(self, node: str) -> OsDisk:
        """The files of one node. Raises `DirectoryError`."""
        try:
            self._disks.append(OsDisk(self.root / node))
        except OSError as refused:
            self.close()
            raise DirectoryError(f"Cannot use {self.root / node}: {refused.strerror}.") from None
        return self._disks[-1]

    @property
    def lock_number(self) -> int:
        """The file descriptor of the lock: a child that inherits it holds the lock as well."""
        return self._lock.fileno()

    def close(self) -> None:
        """Close all files, and let the next server in."""
        for disk in self._disks:
            disk.close()
        self._lock.close()

    def _read_or_make(self) -> str:
        meta = self.root / META
        if not meta.exists():
            made = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            OsDisk(self.root).replace(META, f"version={FORMAT_VERSION}\ncluster.id={made}\n".encode())
            if not meta.exists():
                raise DirectoryError(f"Cannot write {meta}. Is there room, and may you write there?")
            return made
        lines = [line.partition("=") for line in meta.read_text(encoding="utf-8").splitlines()]
        known = {name.strip(): value.strip() for name, equals, value in lines if equals}
        version = known.get("version", "")
        if version != str(FORMAT_VERSION) or "cluster.id" not in known:
            raise DirectoryError(
                f"{meta} has format version {version or 'unknown'}; this server knows {FORMAT_VERSION}."
            )
        return known["cluster.id"]


def _try_lock(file: BinaryIO) -> bool:
    """Take the file for this process; the operating system gives it back when the process ends, however it ends."""
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return False
    return True
