"""How many nodes there are and where each is: checked before anything starts, and said in one sentence if it cannot be.

    --brokers 3 --racks a,b,a      broker 1 in rack a, 2 in b, 3 in a      `broker.rack` of each
    --listen 0.0.0.0               where the ports are bound               Kafka: `listeners`
    --advertise kafka.lab          where clients are told to come          Kafka: `advertised.listeners`

- Loopback unless told otherwise: there is no authentication here.
- Clients come to the address they have, once; from then on they go where Metadata sends them. That must be
  reachable from where they are, and `0.0.0.0` is reachable from nowhere (Kafka refuses it, too).
- A rack for each broker or for none: a broker that is in no rack beside others that are is a mistake, not a wish.

What we leave out: several listeners for each broker, with names of their own; IPv6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from minikafka.config import ConfigError, ServerConfig
from minikafka.types import BrokerId

LOOPBACK = "127.0.0.1"
EVERY_ADDRESS = "0.0.0.0"
"""Binds all addresses of this machine, and names none."""
HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?")
RACK = "broker.rack"


def check_shape(
    brokers: int, controllers: int, ports: Sequence[int], listen: str = LOOPBACK, advertise: str = ""
) -> list[int]:
    """A port for each broker, 0 for a free one. Raises `ConfigError` for a cluster that cannot be."""
    if brokers < 1 or controllers not in (1, 3, 5):
        raise ConfigError("A cluster needs one broker or more, and 1, 3 or 5 controllers.")
    for option, host in (("--listen", listen), ("--advertise", advertise or listen)):
        if not HOST.fullmatch(host):
            raise ConfigError(f"{option} takes the name or IPv4 address of a host, without a port, not {host!r}.")
    if (advertise or listen) == EVERY_ADDRESS:
        raise ConfigError(f"Clients cannot be sent to {EVERY_ADDRESS}: say with --advertise HOST where they find us.")
    ports = list(ports) or [0] * brokers
    if len(ports) != brokers:
        raise ConfigError(f"{brokers} brokers need as many ports, not {len(ports)}.")
    return ports


def is_loopback(listen: str) -> bool:
    """Does nobody beyond this machine reach it?"""
    return listen == "localhost" or listen.startswith("127.")


def reachable(address: tuple[str, int]) -> tuple[str, int]:
    """Where somebody on this machine finds a port that is bound there."""
    host, port = address
    return (LOOPBACK if host == EVERY_ADDRESS else host), port


def check_racks(brokers: int, racks: Sequence[str], settings: Mapping[str, Any]) -> None:
    """A rack for each broker, or none at all. Raises `ConfigError`."""
    if not racks:
        return
    if not all(racks):
        raise ConfigError(f"A rack needs a name, and --racks {','.join(racks)} leaves one out.")
    if len(racks) != brokers:
        raise ConfigError(f"--racks names {counted(len(racks), 'rack')} for {counted(brokers, 'broker')}: one each.")
    if RACK in settings:
        raise ConfigError(f"--racks and --config {RACK} both say where brokers are: leave one of them out.")


def racks_from(text: str | None) -> list[str]:
    """`a,b,c` as names of racks, of brokers 1, 2, 3; nothing said is no rack at all.

    >>> racks_from("a, b,a"), racks_from(None)
    (['a', 'b', 'a'], [])
    """
    return [] if text is None else [name.strip() for name in text.split(",")]


def settings_of(broker: BrokerId, config: ServerConfig, racks: Sequence[str]) -> ServerConfig:
    """One broker's own settings: those of all, and its rack."""
    return replace(config, broker_rack=racks[broker - 1]) if racks else config


def counted(number: int, what: str) -> str:
    """`1 rack`, `2 racks`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
