"""`serve --stage`: the running cluster on the stage, in a page on this machine.

    GET  http://127.0.0.1:8300/KEY/       the player, with buttons for crash, restart, pause, resume (and cut, heal)
    WS   ws://127.0.0.1:8300/KEY/live     ▶ {"whole": …}, then {"more": …} four times a second
                                          ◀ {"verb": "crash", "broker": 2}

- The player is that of the lessons; its past can be stepped through while the cluster goes on.
- Loopback only. The key is new with each start and stands in the address alone, and a WebSocket must name the page
  itself as its origin: no other page, and nobody who was not given the address, can press the buttons.
- Each page is told what is new since it was last told, and never more than it takes: one that reads slowly is sent
  larger pieces, less often.
- HTTP and WebSocket are Tornado's (https://www.tornadoweb.org), which JupyterLab brings.

What we leave out: slow links, clocks, full disks: the notebook has them.
"""

from __future__ import annotations

import asyncio
import html
import json
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minikafka.config import ConfigError
from minikafka.server import faults
from minikafka.server.faults import Cluster
from minikafka.server.host import ServeError
from minikafka.server.reel import Reel
from minikafka.stage import build
from minikafka.stage.page import STYLE

if TYPE_CHECKING:
    from tornado.httpserver import HTTPServer

LOOPBACK = "127.0.0.1"
TELL_EVERY_S = 0.25
SCRIPT = Path(__file__).parent / "live.mjs"
ACTS = ("crash", "restart", "pause", "resume")
ACTS_IN_ONE_PROCESS = ("cut", "heal")
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}#words {{ min-height: 1.4em; margin: 4px 8px; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p id="words" role="status"></p>
<div class="mk-stage" id="stage" data-acts="{acts}"></div>
</main>
<script type="module">
{script}
</script>
</body>
</html>
"""


class StagePage:
    """The page and its WebSockets."""

    def __init__(self, cluster: Cluster, reel: Reel) -> None:
        """Raises `ConfigError` where Tornado is not installed."""
        try:
            import tornado.httpserver  # noqa: F401 - only whether it is there: it is used when the page opens
        except ImportError:
            raise ConfigError("--stage needs tornado: pip install 'minikafka-course[serve]'.") from None
        self.cluster = cluster
        self.reel = reel
        self.key = secrets.token_urlsafe(12)
        self.port = 0
        self._serving: HTTPServer | None = None

    async def open(self, port: int) -> str:
        """Listen; returns the address of the page. Raises `ServeError` when somebody else has the port."""
        from tornado.httpserver import HTTPServer

        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((LOOPBACK, port))
        except OSError as taken:
            bound.close()
            raise ServeError(f"Cannot listen on {LOOPBACK}:{port}: {taken.strerror}.") from None
        bound.listen()
        bound.setblocking(False)
        self.port = bound.getsockname()[1]
        self._serving = HTTPServer(_application(self))
        self._serving.add_socket(bound)
        return f"http://{LOOPBACK}:{self.port}/{self.key}/"

    def close(self) -> None:
        """Listen no more."""
        if self._serving is not None:
            self._serving.stop()

    @property
    def origins(self) -> tuple[str, str]:
        """Where the page may have come from."""
        return f"http://{LOOPBACK}:{self.port}", f"http://localhost:{self.port}"

    @property
    def acts(self) -> tuple[str, ...]:
        """The buttons that make sense for this cluster."""
        return ACTS + ACTS_IN_ONE_PROCESS if hasattr(self.cluster, "cut") else ACTS

    def text(self) -> str:
        """The page."""
        script = build.whole() + SCRIPT.read_text(encoding="utf-8")
        title, acts = html.escape(self.reel.title), html.escape(json.dumps(self.acts))
        return PAGE.format(title=title, acts=acts, style=STYLE, script=script)

    async def act(self, text: str | bytes) -> str:
        """Do what a button asks for; says in one sentence what was done, or why not."""
        try:
            asked = json.loads(text)
            verb, broker = asked["verb"], asked["broker"]
        except (ValueError, TypeError, KeyError):
            return "This is no command."
        if verb not in self.acts:
            return f"There is no button {verb!r}."
        try:
            if verb == "heal":
                return await self._heal_all()
            return await faults.inflict(self.cluster, verb, int(broker))
        except (faults.Refused, ServeError, TypeError, ValueError) as refused:
            return str(refused)

    async def _heal_all(self) -> str:
        cut_off = [one.node for one in self.cluster.standings() if one.state == faults.CUT_OFF]
        said = [await faults.inflict(self.cluster, "heal", int(node.partition("-")[2])) for node in cut_off]
        return " ".join(said) or "Nobody is cut off."


def _application(page: StagePage) -> Any:
    from tornado import web, websocket

    class Page(web.RequestHandler):
        def get(self) -> None:
            if self.request.host not in [origin.partition("//")[2] for origin in page.origins]:
                raise web.HTTPError(403)  # a foreign name that leads here
            self.set_header("Cache-Control", "no-store")
            self.finish(page.text())

    class Live(websocket.WebSocketHandler):
        def check_origin(self, origin: str) -> bool:
            return origin in page.origins

        def open(self, *_: str, **__: str) -> None:
            self.telling = asyncio.get_running_loop().create_task(self._tell())

        async def _tell(self) -> None:
            mark = page.reel.mark()
            await self.write_message(json.dumps({"whole": page.reel.whole()}))
            while True:
                await asyncio.sleep(TELL_EVERY_S)
                before, mark = mark, page.reel.mark()
                if before == mark:
                    continue
                more = page.reel.more(before)
                await self.write_message(json.dumps({"whole": page.reel.whole()} if more is None else {"more": more}))

        async def on_message(self, message: str | bytes) -> None:
            await self.write_message(json.dumps({"said": await page.act(message)}))

        def on_close(self) -> None:
            self.telling.cancel()

    return web.Application([(f"/{page.key}/", Page), (f"/{page.key}/live", Live)], log_function=lambda _: None)
