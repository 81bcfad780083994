"""Write the golden story beside each scenario, or with `--check` say which one is no longer what the engine tells."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from minikafka.trace.trace import Trace


def stories(played: dict[str, Trace] | None = None) -> dict[Path, str]:
    """The story of each scenario, as its own seed tells it; `played` are their traces by id, if there are any yet."""
    from minikafka.scenarios import by_file
    from minikafka.sim.scenario import Scenario
    from minikafka.world import run_scenario

    def told(scenario: Scenario) -> str:
        trace = run_scenario(scenario) if played is None else played[scenario.id]
        lines = [f"{scenario.title} (seed {scenario.seed}, {trace.steps} steps)"]
        lines += [f"{step:6}  {sentence}" for step, sentence in trace.story()]
        for branch in trace.document["branches"]:
            lines.append(f"Another future from step {branch['at']}: {branch['name']}")
            facts = branch["trace"]["facts"]
            lines += [f"{fact[0]:6}  {fact[4]}" for fact in facts if fact[5] and fact[0] > branch["at"]]
        return "\n".join([*lines, scenario.moral, ""])

    return {file.with_suffix(".golden"): told(scenario) for file, scenario in by_file().items()}


def main(arguments: list[str]) -> int:
    """Write, or check."""
    stale = []
    for path, story in stories().items():
        if "--check" not in arguments:
            path.write_text(story, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != story:
            stale.append(path.name)
    if stale:
        print(f"The engine tells another story than {', '.join(stale)}: look at it, then run python tools/golden.py.")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
