"""Serves the built site on this machine, and sends `/notebook/<file>` on to JupyterLab.

A reader works on a copy, `notebooks/<file>`, which git ignores: `git pull` never meets their edits, and the lesson
stays as it was published. When the lesson changes later, an untouched copy follows it and an edited one is kept aside.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

ENTRANCE = "/notebook/"


def make_server(port: int, root: Path, lab_link: str) -> ThreadingHTTPServer:
    """A server of `root/site` on the loopback; `lab_link` holds `{path}`, or is empty without JupyterLab."""
    handler = partial(CourseHandler, root=root, lab_link=lab_link)
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


class CourseHandler(SimpleHTTPRequestHandler):
    """Static files with the types browsers insist on, never stale, plus the way into the notebooks."""

    extensions_map = {  # noqa: RUF012 - the base class declares it so
        **SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".js": "text/javascript",
        ".wasm": "application/wasm",
        ".json": "application/json",
        ".svg": "image/svg+xml",
    }

    def __init__(self, *arguments: object, root: Path, lab_link: str) -> None:
        self.root, self.lab_link = root, lab_link
        super().__init__(*arguments, directory=str(root / "site"))  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """A notebook's link goes to JupyterLab; all else is a file of the site."""
        path = unquote(urlsplit(self.path).path)
        if path.startswith(ENTRANCE):
            self.send_to_lab(path[len(ENTRANCE) :])
        else:
            super().do_GET()

    def send_to_lab(self, name: str) -> None:
        """Redirect to the reader's copy, or say why not."""
        if not self.lab_link:
            self.send_error(HTTPStatus.NOT_FOUND, "The course was started without JupyterLab (--no-lab).")
            return
        if "/" in name or "\\" in name or not (self.root / "lessons" / name).is_file() or not name.endswith(".ipynb"):
            self.send_error(HTTPStatus.NOT_FOUND, "There is no such lesson.")
            return
        copy = working_copy(self.root, name)
        self.send_response(HTTPStatus.FOUND)
        self.send_header("Location", self.lab_link.format(path=quote(copy.relative_to(self.root).as_posix())))
        self.end_headers()

    def end_headers(self) -> None:
        """A rebuilt page must show at the next reload."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: the reader's terminal shows one link."""


def working_copy(root: Path, name: str) -> Path:
    """The reader's own copy of a lesson, made or refreshed without ever losing an edit."""
    lesson, copy = root / "lessons" / name, root / "notebooks" / name
    origins_file = root / "notebooks" / ".origins.json"
    origins = json.loads(origins_file.read_text(encoding="utf-8")) if origins_file.exists() else {}
    if copy.exists() and origins.get(name) == fingerprint(lesson):
        return copy
    if copy.exists() and fingerprint(copy) != origins.get(name):
        copy.rename(next_free_name(copy))
    copy.parent.mkdir(exist_ok=True)
    shutil.copyfile(lesson, copy)
    origins_file.write_text(json.dumps({**origins, name: fingerprint(lesson)}), encoding="utf-8")
    return copy


def next_free_name(copy: Path) -> Path:
    """`06_who_leads.mine-1.ipynb`: where an edited copy goes when its lesson has changed."""
    number = 1
    while (aside := copy.with_suffix(f".mine-{number}.ipynb")).exists():
        number += 1
    return aside


def fingerprint(path: Path) -> str:
    """The content, as a hash."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
