"""The stage in a notebook: `show(trace)` for a recorded run. One that can still be bent: `stage/live.py`.

anywidget and ipywidgets are needed for showing only, so they load when the first picture is asked for: the core and the
site's pages live without them.

`show(a, beside=b)` puts two runs into one player, to be compared in its view *Two worlds*. Curves and graphs:
`stage/chart.py`.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from typing import Any

from minikafka.stage import build, reading

MIME = "application/vnd.minikafka.trace+json"
MOST_STORY_LINES = 400


def need(name: str) -> Any:
    """The module of this name, or one sentence that says what to install."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"Showing a run in a notebook needs `{name}`, which is not installed: "
            "`pip install anywidget ipywidgets matplotlib networkx`."
        ) from error


def show(
    trace: reading.HasJson | Mapping[str, Any],
    *,
    step: int | None = None,
    scene: int | None = None,
    height: int | None = None,
    beside: reading.HasJson | Mapping[str, Any] | None = None,
    **place: Any,
) -> Any:
    """The player for a recorded run, opened at a step or a scene; `height` in pixels makes it scroll inside.

    `beside` is another run of the same seed, to compare. `place` may name the `view`, `partition` and `future` to open.
    """
    recorded = reading.trace_json(trace)
    if beside is not None:
        other = reading.trace_json(beside)
        recorded = reading.beside(recorded, other, in_short(recorded, other))
        place = {"view": "worlds", **place}
    options = {**({} if height is None else {"height": height}), **place}
    return stage_class()(trace=recorded, step=reading.chosen_step(recorded, step, scene), options=options)


def in_short(one: reading.Json, other: reading.Json) -> str:
    """What makes the other run another: its settings that differ, else its title."""
    settings = other.get("settings", {})
    changed = [f"{name}={value}" for name, value in settings.items() if one.get("settings", {}).get(name) != value]
    return ", ".join(changed) or reading.title_of(other)


def bundle(trace: reading.Json, options: Mapping[str, Any]) -> dict[str, Any]:
    """What a reader without widgets gets: the trace for the site's player, the story for everybody else."""
    story = reading.story(trace)
    kept = story[:MOST_STORY_LINES]
    if len(story) > len(kept):
        kept.append(f"… and {len(story) - len(kept)} lines more")
    return {
        MIME: {"trace": trace, "options": dict(options), "story": story},
        "text/plain": "\n".join([reading.title_of(trace), "", *kept]),
    }


@functools.cache
def stage_class() -> Any:
    """The class `StageWidget`, made when it is first needed because its base class may not be installed."""
    need("anywidget")
    import anywidget
    import traitlets

    class StageWidget(anywidget.AnyWidget):
        """The player as a widget. Traits: `trace`, `step` (both ways), `options`, `command` (what was clicked)."""

        _esm = build.whole()
        trace = traitlets.Dict().tag(sync=True)
        step = traitlets.Int(1).tag(sync=True)
        options = traitlets.Dict().tag(sync=True)
        command = traitlets.Dict().tag(sync=True)

        def _repr_mimebundle_(self, **arguments: Any) -> tuple[dict[str, Any], dict[str, Any]]:
            return with_bundle(super()._repr_mimebundle_(**arguments), self)

    return StageWidget


def with_bundle(made: Any, widget: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A widget's own answer to "how do you look?", with the trace and the story added."""
    data, metadata = made if isinstance(made, tuple) else (made or {}, {})
    return {**data, **bundle(widget.trace, {**widget.options, "step": widget.step})}, metadata
