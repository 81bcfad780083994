"""A run as one HTML file: player and trace inside, so that it opens from disk, with no server and no request."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from minikafka.stage import build, reading

STYLE = """:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 8px; max-width: 1280px; background: #FBFAF6; color: #1B2130; font-family: sans-serif; }
@media (prefers-color-scheme: dark) { body { background: #14171F; color: #E9E7E0; } }
@media (max-width: 600px) { body { padding: 2px; } }
h1 { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); } /* the player shows it */
"""
"""Of a page that is one player and nothing else."""
TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>@title@</title>
<style>
@style@</style>
</head>
<body>
<main>
<h1>@title@</h1>
<div class="mk-stage" id="stage">
<details open><summary>@title@: the run in words</summary><pre>
@story@
</pre></details>
</div>
</main>
<script type="application/json" id="trace" data-options="@options@">@trace@</script>
<script type="module" id="player">
@module@
openPage();
</script>
</body>
</html>
"""


def page(
    trace: reading.HasJson | Mapping[str, Any],
    *,
    step: int | None = None,
    scene: int | None = None,
    title: str | None = None,
) -> str:
    """The text of a self-contained HTML file that opens at `step`, or at the scene with this number."""
    recorded = reading.trace_json(trace)
    parts = {
        "style": STYLE,
        "title": html.escape(title or reading.title_of(recorded)),
        "story": html.escape("\n".join(reading.story(recorded))),
        "trace": script_safe(recorded),
        "options": html.escape(json.dumps({"step": reading.chosen_step(recorded, step, scene)})),
        "module": build.whole(),
    }
    # Split rather than replace one after the other: a trace may contain the very words of a later placeholder.
    return "".join(parts[piece] if i % 2 else piece for i, piece in enumerate(TEMPLATE.split("@")))


def script_safe(value: object) -> str:
    """JSON that cannot end the script it stands in: `<` is written as an escape."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


CONTENT = re.compile(r'<script type="application/json" id="trace" data-options="([^"]*)">(.*?)</script>', re.S)


def content(text: str) -> tuple[reading.Json, reading.Json]:
    """The trace inside the text of such a file, and the options it opens with. ValueError when there is none."""
    found = CONTENT.search(text)
    if found is None:
        raise ValueError("This page holds no run.")
    return json.loads(found[2]), json.loads(html.unescape(found[1]))
