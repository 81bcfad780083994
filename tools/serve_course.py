"""Serves the built site on this machine, and sends `/notebook/<lesson>/` on to JupyterLab.

On any other server that address is a page which says what to type. `/completed.json` says which lessons the reader has
completed in the notebooks, so that their cards come back on the pages, too; on any other server it is empty.

A reader works on a copy, `notebooks/<file>`, which git ignores: `git pull` never meets their edits, and the lesson
stays as it was published. When the lesson changes later, an untouched copy follows it and an edited one is kept aside.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import sys
import time
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import source_quote

ENTRANCE = "/notebook/"
COMPLETED = "/completed.json"
LAB_STARTS_WITHIN_SECONDS = 30


def make_server(port: int, root: Path, lab_link: str) -> ThreadingHTTPServer:
    """A server of `root/site` on the loopback; `lab_link` holds `{path}`, or is empty without JupyterLab."""
    handler = partial(CourseHandler, root=root, lab_link=lab_link)
    return CourseServer(("127.0.0.1", port), handler)


class CourseServer(ThreadingHTTPServer):
    """A browser that goes away in the middle of an answer is no event worth a line."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet about closed connections, tell about everything else."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


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
        """A notebook's address goes to JupyterLab if there is one; all else is a file of the site."""
        path = unquote(urlsplit(self.path).path)
        lesson = path.removeprefix(ENTRANCE).strip("/")
        if self.lab_link and path.startswith(ENTRANCE) and re.fullmatch(r"[\w-]+", lesson):
            self.send_to_lab(f"{lesson}.ipynb")
        elif path == COMPLETED:
            self.send_completed()
        else:
            super().do_GET()

    def send_completed(self) -> None:
        """The lessons all of whose exercises have passed."""
        from minikafka.grading import cards

        content = json.dumps(cards.completed(self.root)).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def send_to_lab(self, name: str) -> None:
        """Redirect to the reader's copy, as soon as JupyterLab listens."""
        if not (self.root / "lessons" / name).is_file():
            self.send_error(HTTPStatus.NOT_FOUND, "There is no such lesson.")
            return
        copy = working_copy(self.root, name)
        if not is_listening_soon(self.lab_link):
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE, "JupyterLab did not start: see build/jupyter.log")
            return
        self.send_response(HTTPStatus.FOUND)
        self.send_header("Location", self.lab_link.format(path=quote(copy.relative_to(self.root).as_posix())))
        self.end_headers()

    def end_headers(self) -> None:
        """A rebuilt page must show at the next reload."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: the reader's terminal shows one link."""


def is_listening_soon(link: str) -> bool:
    """A reader may click before JupyterLab is up: wait until it is, for as long as is decent; false if it never was."""
    parts = urlsplit(link)
    deadline = time.monotonic() + LAB_STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection((parts.hostname or "", parts.port or 0), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return True
    return False


def working_copy(root: Path, name: str) -> Path:
    """The reader's own copy of a lesson, made or refreshed without ever losing an edit."""
    published, copy = for_the_reader(root, name), root / "notebooks" / name
    origins_file = root / "notebooks" / ".origins.json"
    origins = json.loads(origins_file.read_text(encoding="utf-8")) if origins_file.exists() else {}
    if copy.exists() and origins.get(name) == fingerprint(published):
        return copy
    if copy.exists() and fingerprint(copy.read_bytes()) != origins.get(name):
        copy.rename(next_free_name(copy))
    copy.parent.mkdir(exist_ok=True)
    copy.write_bytes(published)
    origins_file.write_text(json.dumps({**origins, name: fingerprint(published)}), encoding="utf-8")
    return copy


def for_the_reader(root: Path, name: str) -> bytes:
    """The lesson as a reader gets it: source quoted where the lesson names it, without what is for the page only.

    Code that the page leaves out is folded here: there to be opened and run, not in the way.
    """
    notebook = json.loads((root / "lessons" / name).read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if "page-only" not in cell["metadata"].get("tags", [])]
    for cell in cells:
        if "hide-input" in cell["metadata"].get("tags", []):
            cell["metadata"]["jupyter"] = {"source_hidden": True}
        if cell["cell_type"] == "markdown":
            text = source_quote.expand("".join(cell["source"]), root, titled=False)
            cell["source"] = text.splitlines(keepends=True)
    return json.dumps({**notebook, "cells": cells}, indent=1, ensure_ascii=False).encode() + b"\n"


def next_free_name(copy: Path) -> Path:
    """`06_who_leads.mine-1.ipynb`: where an edited copy goes when its lesson has changed."""
    number = 1
    while (aside := copy.with_suffix(f".mine-{number}.ipynb")).exists():
        number += 1
    return aside


def fingerprint(content: bytes) -> str:
    """The content, as a hash."""
    return hashlib.sha256(content).hexdigest()
