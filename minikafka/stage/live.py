"""A run that can still be bent, in a notebook: the stage above, buttons and sliders below.

Every button does one thing to the run *right after the step that is shown*. Was the reader looking at the past? Then
the run goes back there first, and what had come later is kept as another future, to be chosen under the picture. So
one rule covers "crash it now" and "go back before the election and crash another".

The box knows no simulation: it asks for the few members of `LiveRun`, and `minikafka.Cluster` has them.

A run of a scenario has an address even when it was bent: the acts are written into it (`stage/link.py`), and whoever
opens it plays them again.

What we leave out: slow links and clock skew have no buttons; scenarios reach them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias

from minikafka.stage import link, reading, widget

Setting: TypeAlias = int | str

SLIDERS: dict[str, tuple[int, int, int]] = {
    "broker.session.timeout.ms": (1000, 30_000, 500),
    "broker.heartbeat.interval.ms": (100, 5000, 100),
    "replica.lag.time.max.ms": (1000, 60_000, 1000),
    "min.insync.replicas": (1, 3, 1),
}
"""Knobs drawn as sliders: lowest, highest, step."""

ACKS = ("0", "1", "all")


class LiveRun(Protocol):
    """What the box asks of a run. Nothing is asynchronous; a refusal is a ValueError with one sentence."""

    def trace(self) -> reading.HasJson:
        """All that has happened so far, as a whole trace; its last step is "now"."""
        ...

    @property
    def brokers(self) -> Sequence[int]:
        """The ids of the brokers, in order: each gets a row of buttons."""
        ...

    @property
    def settings(self) -> Mapping[str, Setting]:
        """Knobs that `rebuild` takes, with their present values, by Kafka's dotted names (`SLIDERS`, and `acks`)."""
        ...

    def act(self, verb: str, **arguments: Any) -> None:
        """Do one thing at the end of the run.

        `crash(broker)`, `restart(broker)`, `pause(broker)`, `resume(broker)`, `fill_disk(broker)`, `free_disk(broker)`,
        `heal()`, `cut(broker, side)` with side "controllers" or "brokers": at once, no time passes. `run(seconds)`:
        virtual time goes on. `send(value, acks)` with acks "0", "1" or "all": one record to the first partition, then
        time goes on until the answer, 2 s at most.
        """
        ...

    def rewind(self, step: int) -> None:
        """Be again what the run was right after `step`, byte for byte: same seed, same past. The rest is forgotten."""
        ...

    def rebuild(self, settings: Mapping[str, Setting]) -> None:
        """The same seed and the same acts at the same times, with these settings changed."""
        ...


def live(
    run: LiveRun, *, step: int | None = None, height: int | None = None, came_from: link.Link | None = None
) -> Any:
    """The player of a run that goes on, with buttons and sliders that change it; opened at its end, or at `step`.

    `came_from` says how the run came about, where an address can say it.
    """
    made = LiveBox(run, height, came_from)
    if step is not None:
        made.stage.step = reading.chosen_step(made.stage.trace, step, None)
    return made.box


def ordinal_value(count: int) -> str:
    """What the next record is called when nobody names it: a, b, c, up to z, then r27."""
    return chr(ord("a") + count - 1) if count <= 26 else f"r{count}"


def in_words(verb: str, arguments: Mapping[str, Any]) -> str:
    """An act as a few words, for naming a future: `crash 1`, `cut 1 from controllers`, `run 10 s`."""
    if verb == "cut":
        return f"cut {arguments['broker']} from {arguments['side']}"
    if verb == "run":
        return f"run {arguments['seconds']} s"
    if verb == "send":
        return f"send {arguments['value']} (acks={arguments['acks']})"
    return f"{verb} {arguments['broker']}" if "broker" in arguments else verb


class Futures:
    """The futures that were left when the reader went back, each with the step at which it parts from this run."""

    def __init__(self) -> None:
        self.left: list[reading.Json] = []
        self.acts: list[tuple[int, str]] = []

    def note(self, step: int, words: str) -> None:
        """An act was done right after this step."""
        self.acts.append((step, words))

    def leave(self, at: int, trace: reading.Json) -> None:
        """The run goes back to `at`; `trace` is what it leaves. Older futures part from the run no later than that."""
        for future in self.left:
            future["at"] = min(future["at"], at)
        words = [words for step, words in self.acts if step >= at]
        self.acts = [(step, words) for step, words in self.acts if step < at]
        name = ", ".join(words[:3]) or "as it went on"
        self.left.append({"at": at, "name": name, "trace": {**trace, "branches": []}})

    def forget(self) -> None:
        """The settings changed: no past is shared any more."""
        self.left.clear()


class LiveBox:
    """The stage and its buttons; `box` is the ipywidget to display."""

    def __init__(self, run: LiveRun, height: int | None = None, came_from: link.Link | None = None) -> None:
        self.run = run
        self.came_from = came_from
        self.futures = Futures()
        self.sent = 0
        self.kit = widget.need("ipywidgets")
        now = run.trace().to_json()
        options = {"live": True} if height is None else {"live": True, "height": height}
        self.stage = widget.stage_class()(trace=now, step=len(now["steps"]), options={**options, **self.address()})
        self.stage.observe(self.clicked, names="command")
        self.says = self.kit.HTML()
        self.box = box_class()(self.stage, [self.stage, self.says, *self.rows()])

    # --- What the reader can do ---

    def act(self, verb: str, **arguments: Any) -> None:
        """One act right after the step shown; going on in time is always at the end."""
        with self.told():
            if verb != "run":
                self.return_to(self.stage.step)
            at = self.last()
            self.run.act(verb, **arguments)
            self.futures.note(at, in_words(verb, arguments))
            self.remember(at, verb, arguments)
            self.show(step=None)

    def return_to(self, step: int) -> None:
        """Make the step shown the end of the run; keep what it had become."""
        if step < self.last():
            self.futures.leave(step, self.run.trace().to_json())
            self.run.rewind(step)
            if self.came_from is not None:
                kept = tuple(deed for deed in self.came_from.deeds if deed.step < step)
                # An act that takes no time says in the address that one went back to this step.
                self.came_from = self.came_from._replace(deeds=(*kept, link.Deed(step, "run", ("0",))))

    def back(self) -> None:
        """Back to the step shown, and nothing else yet."""
        with self.told():
            self.return_to(self.stage.step)
            self.show(step=self.stage.step)

    def change(self, name: str, value: Setting) -> None:
        """Build the run again with another setting."""
        with self.told():
            self.run.rebuild({name: value})
            self.futures.forget()
            self.came_from = None  # its acts happen at other steps now
            self.show(step=self.stage.step)

    def clicked(self, change: Mapping[str, Any]) -> None:
        """A button inside the picture was pressed."""
        command = dict(change["new"])
        kind = command.pop("kind", None)
        if kind is None:
            return
        arguments = {name: value for name, value in command.items() if name not in ("at", "id")}
        self.act(kind, **arguments)

    def last(self) -> int:
        """The step at which the run is now."""
        return len(self.run.trace().to_json()["steps"])

    def remember(self, step: int, verb: str, arguments: Mapping[str, Any]) -> None:
        """Write an act into the address."""
        if self.came_from is not None:
            said = tuple(str(arguments[name]) for name in link.ARGUMENTS.get(verb, ("broker",)))
            self.came_from = self.came_from._replace(deeds=(*self.came_from.deeds, link.Deed(step, verb, said)))

    def address(self) -> dict[str, str]:
        """The part of the player's options that says how this run came about; nothing where no address can."""
        if self.came_from is None:
            return {}
        try:
            return {"address": self.came_from.address()[1:]}
        except ValueError:  # too long: the player saves a page instead
            return {}

    # --- What the reader sees of it ---

    def show(self, step: int | None) -> None:
        """Give the stage the run as it is now, at `step` or at its end."""
        now = self.run.trace().to_json()
        last = len(now["steps"])
        shown = {**now, "branches": [*now.get("branches", []), *self.futures.left]}
        options = {name: value for name, value in self.stage.options.items() if name != "address"}
        with self.stage.hold_sync():
            self.stage.options = {**options, **self.address()}
            self.stage.trace = shown
            self.stage.step = min(step or last, last)

    @contextmanager
    def told(self) -> Iterator[None]:
        """A refusal becomes the sentence below the picture. Nothing but ValueError is caught: a bug has to be seen."""
        self.says.value = ""
        try:
            yield
        except ValueError as refusal:
            self.says.value = f"<b>Not done.</b> {escaped(str(refusal))}"
            return
        self.says.value = f"The run is at step {self.last()}. {self.kept()}"

    def kept(self) -> str:
        """How many futures wait under the picture."""
        count = len(self.futures.left)
        return f"{count} other {'future is' if count == 1 else 'futures are'} kept under the picture." if count else ""

    # --- Buttons and sliders ---

    def rows(self) -> list[Any]:
        """Everything under the picture."""
        return [*(self.broker_row(broker) for broker in self.run.brokers), self.world_row(), *self.knob_rows()]

    def button(self, label: str, act: Callable[[], None], tip: str = "") -> Any:
        """A button that calls `act`."""
        made = self.kit.Button(description=label, tooltip=tip or label, layout={"width": "auto"})
        made.on_click(lambda _: act())
        return made

    def broker_row(self, broker: int) -> Any:
        """What can happen to one broker."""

        def does(verb: str, **more: Any) -> Callable[[], None]:
            return lambda: self.act(verb, broker=broker, **more)

        buttons = [
            self.button("crash", does("crash"), f"Broker {broker}'s process is gone; its page cache stays"),
            self.button("restart", does("restart"), f"Broker {broker} starts again on the same disk"),
            self.button("pause", does("pause"), f"Broker {broker} stands still, as in a long garbage collection"),
            self.button("resume", does("resume"), f"Broker {broker} goes on, without knowing that it stood still"),
            self.button("fill disk", does("fill_disk"), f"Broker {broker}'s disk takes no more bytes"),
            self.button("free disk", does("free_disk"), f"Broker {broker}'s disk has room again"),
            *(
                self.button(f"cut from {side}", does("cut", side=side), f"Nothing passes to or from the {side}")
                for side in ("controllers", "brokers")
            ),
        ]
        return self.kit.HBox([self.kit.HTML(f"<b>broker {broker}</b>", layout={"width": "75px"}), *buttons])

    def world_row(self) -> Any:
        """Time, records, and the way back."""
        seconds = self.kit.BoundedFloatText(value=10, min=0.1, max=600, step=1, layout={"width": "75px"})
        value = self.kit.Text(placeholder="value", layout={"width": "75px"})
        acks = self.kit.Dropdown(options=ACKS, value="all", layout={"width": "70px"})

        def send() -> None:
            self.sent += 1
            self.act("send", value=value.value or ordinal_value(self.sent), acks=acks.value)

        return self.kit.HBox([
            self.button("heal all", lambda: self.act("heal"), "Messages pass again everywhere"),
            self.button("run on", lambda: self.act("run", seconds=seconds.value), "Virtual time goes on"),
            seconds, self.kit.Label("s"),
            self.button("send a record", send), value, self.kit.Label("acks"), acks,
            self.button("back to this step", self.back, "The run ends at the step shown; the rest is kept as a future"),
        ], layout={"flex_flow": "row wrap"})

    def knob_rows(self) -> list[Any]:
        """A slider or a choice for each setting that the run has and the stage knows."""
        known = {*SLIDERS, "acks"}
        return [self.knob(name, value) for name, value in self.run.settings.items() if name in known]

    def knob(self, name: str, value: Setting) -> Any:
        """One setting; moving it builds the run again."""
        wide = {"description": name, "style": {"description_width": "215px"}, "layout": {"width": "520px"}}
        if name == "acks":
            made = self.kit.ToggleButtons(options=ACKS, value=str(value), **wide)
        else:
            low, high, step = SLIDERS[name]
            most = max(high, int(value))
            made = self.kit.IntSlider(value=int(value), min=low, max=most, step=step, continuous_update=False, **wide)
        made.observe(lambda change: self.change(name, change["new"]), names="value")
        return made


def escaped(words: str) -> str:
    """Words that may stand in HTML."""
    return words.replace("&", "&amp;").replace("<", "&lt;")


def box_class() -> Any:
    """A column of widgets that, like the stage itself, also says the run to readers without widgets."""
    widget.need("ipywidgets")
    import ipywidgets

    class LiveColumn(ipywidgets.VBox):  # type: ignore[misc]
        """The stage and its buttons, one under the other."""

        def __init__(self, stage: Any, children: Sequence[Any]) -> None:
            super().__init__(children=list(children))
            self.stage = stage

        def _repr_mimebundle_(self, **arguments: Any) -> tuple[dict[str, Any], dict[str, Any]]:
            return widget.with_bundle(super()._repr_mimebundle_(**arguments), self.stage)

    return LiveColumn
