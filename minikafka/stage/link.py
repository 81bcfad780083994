"""Addresses: which run, and which place in it. The player writes and reads the same ones (`player/link.mjs`).

    #run=06_two_leaders&seed=7&step=812&view=space
    #run=06_two_leaders&seed=7&set=min.insync.replicas:1&faults=136.crash.2,140.run.10&step=300

The first opens on any page that has recorded the run, and in a notebook. The second is a run that somebody has bent:
its settings are others, and after steps 136 and 140 something was done. It is played again: `minikafka.opened`.

* Same address, same picture: all that a run depends on is in it, and steps are numbered from 1.
* An address has at most 2,000 characters. What is longer is sent as a page of its own (`stage/page.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from minikafka.stage import reading

LONGEST = 2000
ARGUMENTS = {"cut": ("broker", "side"), "run": ("seconds",), "send": ("value", "acks"), "heal": ()}
"""What an act takes, in the order in which an address names it; any other act takes a broker."""


class Deed(NamedTuple):
    """Something that was done right after a step."""

    step: int
    verb: str
    arguments: tuple[str, ...] = ()

    def named(self) -> dict[str, Any]:
        """The arguments as `LiveRun.act` takes them."""
        names = ARGUMENTS.get(self.verb, ("broker",))
        if len(names) != len(self.arguments):
            raise ValueError(f"The address gives {self.verb} {len(self.arguments)} arguments; it takes {len(names)}.")
        given = dict(zip(names, self.arguments, strict=True))
        return {name: int(value) if name == "broker" else value for name, value in given.items()}


class Link(NamedTuple):
    """What an address says."""

    run: str = ""
    seed: int | None = None
    settings: Mapping[str, str] = {}
    deeds: tuple[Deed, ...] = ()
    step: int | None = None
    scene: int | None = None
    view: str = ""
    partition: str = ""
    future: int = 0

    def address(self) -> str:
        """The address, from its `#` on; ValueError when it would be too long to be sent."""
        said = {
            "run": self.run,
            "seed": "" if self.seed is None else self.seed,
            "set": ",".join(f"{name}:{value}" for name, value in self.settings.items()),
            "faults": ",".join(".".join([str(deed.step), deed.verb, *deed.arguments]) for deed in self.deeds),
            "step": self.step or "",
            "scene": self.scene or "",
            "view": self.view,
            "partition": self.partition,
            "future": self.future or "",
        }
        made = "#" + urlencode({name: value for name, value in said.items() if value != ""})
        if len(made) > LONGEST:
            raise ValueError(f"This address has {len(made)} characters, more than {LONGEST}: send a page of the run.")
        return made


def link_to(trace: reading.HasJson | Mapping[str, Any], step: int, **place: Any) -> str:
    """The address of a step of a recorded run; `place` may name `view`, `partition`, `future`."""
    recorded = reading.trace_json(trace)
    chosen = reading.chosen_step(recorded, step, None)
    seed = recorded.get("seed") if recorded.get("scenario") else None
    return Link(run=str(recorded.get("scenario") or ""), seed=seed, step=chosen, **place).address()


def read(address: str) -> Link:
    """What an address says, whatever stands before its `#`. ValueError with one sentence when it says nothing."""
    said = dict(parse_qsl(address.rpartition("#")[2].replace("scene-", "scene=")))
    if not {"run", "step", "scene"} & said.keys():
        raise ValueError(f"This is no address of a run: {address[:80]!r} names neither a run nor a step.")
    return Link(
        said.get("run", ""),
        number(said, "seed"),
        dict(pair.split(":", 1) for pair in said.get("set", "").split(",") if ":" in pair),
        tuple(map(deed, filter(None, said.get("faults", "").split(",")))),
        number(said, "step"),
        number(said, "scene"),
        said.get("view", ""),
        said.get("partition", ""),
        number(said, "future") or 0,
    )


def number(said: Mapping[str, str], name: str) -> int | None:
    """A whole number of the address, or None; ValueError when it is none."""
    if name not in said:
        return None
    if not said[name].isdecimal():
        raise ValueError(f"The address says {name}={said[name]}; a whole number is meant.")
    return int(said[name])


def deed(said: str) -> Deed:
    """`136.crash.2`, `140.run.2.5`: a step, an act, and what it takes."""
    found = re.fullmatch(r"(\d+)\.([a-z_]+)(?:\.(.*))?", said)
    if found is None:
        raise ValueError(f"The address says {said!r}, which is no act at a step, as in 136.crash.2.")
    step, verb, rest = found.groups()
    count = len(ARGUMENTS.get(verb, ("broker",)))
    return Deed(int(step), verb, tuple(rest.split(".", count - 1)) if rest else ())
