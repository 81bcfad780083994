"""Turns an executed notebook into one plain Markdown page, and files beside it.

Of an output's several forms the page takes the first it knows: our trace, Markdown, HTML, SVG, PNG, text. A live
widget has no place on a page without a kernel: it is left out, and what stands beside it in the bundle is shown.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

TRACE_MIME = "application/vnd.minikafka.trace+json"
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
# A cell's tags, as CONTRIBUTING.md lists them.
HIDE_INPUT, HIDE_OUTPUT, NOTEBOOK_ONLY, PAGE_ONLY = "hide-input", "hide-output", "notebook-only", "page-only"
LEADING_NUMBER = re.compile(r"^\d+[.:] +")  # the page's list numbers its items itself
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Page:
    """Where a page will be, for the relative addresses it needs."""

    docs: Path
    """The staging folder, the top of the site."""

    path: PurePosixPath
    """The Markdown file, relative to `docs`."""

    def up(self) -> str:
        """From the page's own address to the top of the site: `a/b.md` is served as `a/b/`."""
        levels = len(self.path.parts) - (1 if self.path.name in ("index.md", "README.md") else 0)
        return "../" * levels

    def write(self, folder: str, name: str, content: bytes) -> str:
        """Put a file beside the pages, named by its content; returns its address as this page must write it."""
        stem, suffix = name.rsplit(".", 1)
        named = f"{stem}-{hashlib.sha256(content).hexdigest()[:10]}.{suffix}"
        (self.docs / folder).mkdir(parents=True, exist_ok=True)
        (self.docs / folder / named).write_bytes(content)
        return f"{self.up()}{folder}/{named}"


def markdown_of(notebook: Any, page: Page, quote: Callable[[str], str]) -> str:
    """The whole page. `quote` expands the macros of a markdown cell."""
    blocks = [block for cell in notebook.cells for block in cell_blocks(cell, page, quote)]
    return "\n\n".join(block.strip("\n") for block in blocks if block.strip()) + "\n"


def cell_blocks(cell: Any, page: Page, quote: Callable[[str], str]) -> list[str]:
    """A cell's Markdown: its text, or its code and what the code showed."""
    tags = cell.metadata.get("tags", [])
    if NOTEBOOK_ONLY in tags:
        return []
    if cell.cell_type == "markdown":
        return [quote(cell.source)]
    if cell.cell_type != "code" or not cell.source.strip():
        return []
    code = [] if HIDE_INPUT in tags else [fence(cell.source, "python")]
    shown = [] if HIDE_OUTPUT in tags else [output_block(each, page) for each in joined_streams(cell.outputs)]
    return code + shown


def player_links(text: str) -> str:
    """Links into the player, `[scene 8](#scene-8)`: raw HTML, since the generator would look for a heading there."""
    return re.sub(r"\[([^\]\n]+)\]\(#(scene-\d+|step=\d+)\)", r'<a class="mk-jump" href="#\2">\1</a>', text)


def joined_streams(outputs: list[Any]) -> list[Any]:
    """Text printed in several pieces is one block."""
    joined: list[Any] = []
    for output in outputs:
        if joined and output.output_type == "stream" == joined[-1].output_type and output.name == joined[-1].name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def output_block(output: Any, page: Page) -> str:
    """One output as Markdown; empty when there is nothing for a page in it."""
    if output.output_type == "stream":
        return text_block(output.text)
    if output.output_type == "error":  # only in cells tagged raises-exception: all others stop the build
        return text_block(f"{output.ename}: {output.evalue}")
    return rich_block(output.data, page, output.get("metadata", {}).get("alt", ""))


def rich_block(data: dict[str, Any], page: Page, said: str = "") -> str:
    """The best form of a bundle that a page can hold."""
    if TRACE_MIME in data:
        return stage_block(data[TRACE_MIME], page)
    if "text/markdown" in data:
        return str(data["text/markdown"])
    if "text/html" in data:
        return raw_html(str(data["text/html"]))
    if "image/svg+xml" in data:
        return image(page.write("images", f"{page.path.stem}.svg", str(data["image/svg+xml"]).encode()), said)
    if "image/png" in data:
        return image(page.write("images", f"{page.path.stem}.png", base64.b64decode(data["image/png"])), said)
    return "" if WIDGET_MIME in data else text_block(str(data.get("text/plain", "")))


def stage_block(shown: dict[str, Any], page: Page, name: str = "") -> str:
    """The player for a trace: the trace in its own file, its story in the page for whoever has no scripts."""
    trace = shown["trace"]
    address = trace_file(trace, page, name)
    options = json.dumps(shown.get("options") or {}, separators=(",", ":"))
    told = story_in_scenes(trace) if trace.get("bookmarks") else story_html(shown.get("story") or story_of(trace))
    return f'<div class="mk-stage" data-src="{html.escape(address)}" data-options="{html.escape(options)}">{told}</div>'


def trace_file(trace: dict[str, Any], page: Page, name: str = "") -> str:
    """A trace in a file of its own; its address as this page must write it."""
    content = json.dumps(trace, separators=(",", ":"), ensure_ascii=False).encode()
    return page.write("traces", f"{name or trace.get('scenario') or page.path.stem}.json", content)


def story_html(story: list[str]) -> str:
    """The story as text, folded: for readers without scripts, print, search and screen readers."""
    items = "".join(f"<li>{html.escape(LEADING_NUMBER.sub('', sentence))}</li>" for sentence in story)
    return f"<details><summary>The story as text</summary><ol>{items}</ol></details>"


def story_of(trace: dict[str, Any]) -> list[str]:
    """The sentences of a trace that are part of its story (weight 1 or 2; the rest is bookkeeping)."""
    return [fact[4] for fact in trace.get("facts", []) if fact[5] >= 1]


def story_in_scenes(trace: dict[str, Any]) -> str:
    """The story as text, each sentence with its step; a scene's name is what a link to the scene leads to."""
    scenes, told, last = list(enumerate(trace["bookmarks"], 1)), [], 0
    for fact in trace["facts"]:
        while scenes and scenes[0][1][0] <= fact[0]:
            number, (_, name, *_) = scenes.pop(0)
            told.append(f'</ol><p id="scene-{number}"><strong>Scene {number}: {html.escape(name)}</strong></p><ol>')
        if fact[5] >= 1:
            value, last = ("" if fact[0] == last else f' value="{fact[0]}"'), fact[0]
            told.append(f"<li{value or ' class=mk-same-step'}>{html.escape(fact[4])}</li>")
    listed = "".join(["<ol>", *told, "</ol>"]).replace("<ol></ol>", "")
    return f"<details><summary>The story as text</summary>{listed}</details>"


def without_second_scenes(text: str) -> str:
    """A link to a scene leads to the first player of a page, as with scripts; the others' scenes are no goals."""
    seen: set[str] = set()

    def once(match: re.Match[str]) -> str:
        first = match[1] not in seen
        seen.add(match[1])
        return match[0] if first else "<p>"

    return re.sub(r'<p id="(scene-\d+)">', once, text)


def raw_html(text: str) -> str:
    """HTML in a block of its own, without blank lines: Markdown would end the block there."""
    lines = "\n".join(line for line in text.splitlines() if line.strip())
    return f'<div class="mk-output">{lines}</div>'


def image(address: str, said: str) -> str:
    """A picture, and what is read aloud for it: `display(figure, metadata={"alt": ...})` in the lesson.

    Raw HTML, since Markdown would look for a source file at the address.
    """
    return f'<p><img class="mk-figure" src="{html.escape(address)}" alt="{html.escape(said)}" loading="lazy"></p>'


def text_block(text: str) -> str:
    """What a program printed."""
    clean = ANSI.sub("", text).rstrip()
    return fence(clean, "text", ' .mk-printed') if clean else ""


def fence(code: str, language: str, classes: str = "") -> str:
    """A fenced block that no backticks inside can end."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    marks = "`" * (longest + 1)
    head = f"{{ .{language}{classes} }}" if classes else language
    return f"{marks}{head}\n{code}\n{marks}"
