"""A run as curves and as graphs, for who would rather look at numbers: `chart(trace)`, `graph(trace)`.

matplotlib and networkx are needed for these only and load when they are first asked for.

What we leave out: layout of graphs. networkx draws them, and writes them for programs that draw better.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from minikafka.stage import reading, widget
from minikafka.stage.series import Series, series

DASHES = ("-", "--", ":", "-.")
GRAPHS = ("causes", "messages")


def chart(
    trace: reading.HasJson | Mapping[str, Any],
    *names: str,
    partition: str | None = None,
    step: int | None = None,
) -> Any:
    """A matplotlib figure of these series, or of all; `step` is marked. The beginning of a name is enough: `"lag"`."""
    recorded = reading.trace_json(trace)
    found = series(recorded, partition)
    chosen = [full(name, list(found)) for name in names] or list(found)
    pyplot = widget.need("matplotlib.pyplot")
    figure, axes = pyplot.subplots(len(chosen), 1, sharex=True, squeeze=False, figsize=(8, 2 * len(chosen)))
    pyplot.close(figure)  # a notebook shows what a cell returns; kept open, it would be shown twice
    for axis, name in zip(axes[:, 0], chosen, strict=True):
        draw(axis, name, found[name])
        if step is not None:
            axis.axvline(times(recorded)[reading.chosen_step(recorded, step, None)] / 1000, linewidth=1, color="black")
    axes[-1, 0].set_xlabel("virtual time in s")
    figure.suptitle(reading.title_of(recorded))
    figure.tight_layout()
    return figure


def full(name: str, known: list[str]) -> str:
    """The whole name of a series; ValueError names those there are."""
    found = next((each for each in known if each.startswith(name)), None)
    if found is None:
        raise ValueError(f"There is no series {name!r}; there are: {', '.join(known)}.")
    return found


def draw(axis: Any, name: str, lines: Mapping[str, Series]) -> None:
    """One series in its own axes; every line has a dash of its own besides its colour."""
    for number, (line, points) in enumerate(lines.items()):
        at, values = [ms / 1000 for ms, _ in points], [value for _, value in points]
        if name.startswith("latency"):
            axis.plot(at, values, "o", label=line)
        else:
            axis.step(at, values, where="post", linestyle=DASHES[number % len(DASHES)], label=line)
    axis.set_title(name, loc="left", fontsize=10)
    axis.set_ylim(bottom=0)
    if len(lines) > 1:
        axis.legend(loc="upper right", fontsize=8)


def times(recorded: reading.Json) -> list[int]:
    """Virtual time in ms after each step, from step 0."""
    return [0, *accumulate(step[0] for step in recorded["steps"])]


def graph(trace: reading.HasJson | Mapping[str, Any], what: str = "causes") -> Any:
    """A networkx graph of a run.

    `"causes"`: the steps of which something is told, each after those it followed from (attributes `sentence`, `node`,
    `ms`). `"messages"`: who sent to whom, with `count` and the `labels`, background noise left out.
    """
    recorded = reading.trace_json(trace)
    if what not in GRAPHS:
        raise ValueError(f"There is no graph {what!r}; there are: {', '.join(GRAPHS)}.")
    made = widget.need("networkx").DiGraph()
    (add_causes if what == "causes" else add_messages)(made, recorded)
    return made


def add_causes(made: Any, recorded: reading.Json) -> None:
    """A step's cause is its nearest ancestor of which something is told."""
    at = times(recorded)
    told: dict[int, list[Any]] = {}
    for fact in recorded["facts"]:
        if fact[5] > 0 and fact[4]:
            told.setdefault(max(1, fact[0]), fact)
    for step, (_, node, kind, _, sentence, _) in told.items():
        name = recorded["nodes"][node]["id"] if node >= 0 else ""
        made.add_node(step, sentence=sentence, node=name, kind=kind, ms=at[step])
        cause = recorded["steps"][step - 1][3]
        while cause and cause not in told:
            cause = recorded["steps"][cause - 1][3]
        if cause:
            made.add_edge(cause, step)


def add_messages(made: Any, recorded: reading.Json) -> None:
    """An edge for each pair between which something worth telling passed."""
    names = [node["id"] for node in recorded["nodes"]]
    made.add_nodes_from((node["id"], {"role": node["role"]}) for node in recorded["nodes"])
    for source, target, _, _, label, *_ in recorded["messages"]:
        word = recorded["labels"][label]
        if word.startswith("~"):
            continue
        edge = made.get_edge_data(names[source], names[target], {"count": 0, "labels": []})
        labels = edge["labels"] if word in edge["labels"] else [*edge["labels"], word]
        made.add_edge(names[source], names[target], count=edge["count"] + 1, labels=labels)
