"""`minikafka serve`: a cluster in the foreground, until Ctrl-C or SIGTERM.

    $ minikafka serve --brokers 3 --port 9092
    bootstrap.servers=127.0.0.1:9092,127.0.0.1:9093,127.0.0.1:9094

- Standard output gets exactly that one line, when clients may come; everything else goes to standard error.
- `--port 9092` is the first broker's, the others follow; `--port 0` takes ports that are free.
- What cannot be started is said in one sentence, with exit code 2.

- SIGTERM and Ctrl-C stop in order: each broker hands its leaderships over before it goes. SIGKILL may come at any byte.
- `--stage` opens a page with the running cluster (`stage_page.py`), `--metrics` one for Prometheus (`metrics.py`).

What we leave out: a second server that joins the first one's cluster.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from minikafka.config import ConfigError
from minikafka.server import logs
from minikafka.server.control import ControlError, Door, place
from minikafka.server.host import ServeError, Server
from minikafka.server.metrics import Metrics
from minikafka.server.os_disk import DirectoryError
from minikafka.server.processes import Processes
from minikafka.server.reel import Reel
from minikafka.server.shape import is_loopback
from minikafka.server.stage_page import StagePage
from minikafka.types import broker_node, controller_node

log = logging.getLogger("minikafka.serve")


def serve(
    brokers: int = 3,
    controllers: int = 1,
    port: int = 9092,
    listen: str = "127.0.0.1",
    config: Sequence[str] = (),
    data_dir: Path | None = None,
    processes: bool = False,
    metrics: int | None = None,
    json_logs: bool = False,
    racks: Sequence[str] = (),
    advertise: str = "",
    stage: int | None = None,
) -> int:
    """Run a cluster until told to stop; `config` holds `key=value` with Kafka's dotted names. Returns the exit code."""
    logs.set_up(json_logs)
    try:
        check_page(processes, metrics)
        kind = Processes if processes else Server
        ports, settings = ports_from(port, brokers), settings_from(config)
        server = kind(brokers, controllers, listen, ports, settings, data_dir, racks, advertise)
        if isinstance(server, Processes):
            server.json_logs = json_logs
        pages: list[tuple[str, Page, int]] = []
        if isinstance(server, Server) and metrics is not None:
            pages.append(("metrics", Metrics(server), metrics))
        if stage is not None:
            pages.append(("stage", _stage(server, brokers, controllers, settings), stage))
        asyncio.run(_run(server, listen, data_dir, pages))
    except (ConfigError, ControlError, DirectoryError, ServeError) as refused:
        print(refused, file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # where the loop cannot handle signals (Windows)
        pass
    return 0


class Page(Protocol):
    """Something to look at, besides the brokers' ports."""

    async def open(self, port: int) -> str:
        """Listen; returns the address."""
        ...

    def close(self) -> None:
        """Listen no more."""
        ...


def _stage(server: Server | Processes, brokers: int, controllers: int, settings: Mapping[str, str]) -> StagePage:
    nodes = [*map(controller_node, range(1, controllers + 1)), *map(broker_node, range(1, brokers + 1))]
    reel = Reel(nodes, "A living cluster", settings)
    page = StagePage(server, reel)
    server.record(reel)
    return page


def check_page(processes: bool, metrics: int | None) -> None:
    """Can there be a page of metrics, if one is wanted? Raises `ConfigError`."""
    if processes and metrics is not None:
        raise ConfigError("--metrics looks into one process: leave --processes out.")


def ports_from(port: int, brokers: int) -> list[int]:
    """A port for each broker, in sequence; 0 leaves all of them to the system. Raises `ConfigError`.

    >>> ports_from(9092, 3), ports_from(0, 2)
    ([9092, 9093, 9094], [0, 0])
    """
    if not 0 <= port <= 65_535 - max(brokers - 1, 0):
        raise ConfigError(f"Ports lie between 0 and 65535, so {port} to {port + brokers - 1} are none.")
    return [port + number if port else 0 for number in range(brokers)]


def settings_from(texts: Sequence[str]) -> dict[str, str]:
    """`key=value` texts as settings; the last of a name counts. Raises `ConfigError`.

    >>> settings_from(["num.partitions=6", "min.insync.replicas = 2"])
    {'num.partitions': '6', 'min.insync.replicas': '2'}
    """
    settings = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"A setting is key=value, as in --config num.partitions=6, not {text!r}.")
        settings[name.strip()] = value.strip()
    return settings


async def _run(
    server: Server | Processes, listen: str, data_dir: Path | None, pages: Sequence[tuple[str, Page, int]]
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends `asyncio.run` instead
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await server.start()
    if not is_loopback(listen):
        log.warning("listening on %s: whoever reaches it may read and write all, without authentication", listen)
    door = Door(server, place(data_dir))
    try:
        await door.open()
        for name, page, port in pages:
            log.info("%s: %s", name, await page.open(port))
        print(f"bootstrap.servers={server.bootstrap_servers}", flush=True)
        await stop.wait()
    finally:
        log.info("stopping")
        door.close()
        for _, page, _ in pages:
            page.close()
        await server.shut_down()
