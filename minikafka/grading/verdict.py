"""What a grade says: four lines, then the story of the shortest run that shows it.

```
We did      We cut broker 3 off from the other brokers, sent x, crashed brokers 2 and 1.
Your code   At step 1825 your elect_leader said Election(leader=3, unclean=False); expected Election(leader=None, …).
Broken      Leader completeness (I2): broker 3 leads epoch 1 and lacks offset 0.
Look at     Step 1506: the controller writes: orders-0 has ISR {1, 2}. …
```

No traceback ever stands here. A known mistake gets the reply that was written for it.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PASSED, NOT_YET, COULD_NOT_GRADE = "passed", "not yet", "could not grade"
EXIT_CODES = {PASSED: 0, NOT_YET: 1, COULD_NOT_GRADE: 2}

HEAD_STYLE = "text-align:left;vertical-align:top;white-space:nowrap"
MOST_SENTENCES = 15
MOST_ENTRIES = 15


@dataclass(frozen=True, slots=True)
class Verdict:
    """One grade."""

    exercise: str
    outcome: str
    """`passed`, `not yet` or `could not grade`."""
    did: str
    """What we did."""
    got: str
    """What the learner's code did: what was expected, and what came."""
    broken: str
    """Which promise broke, by its name."""
    look: str
    """What to look at next."""
    mistake: str = ""
    """Name of the known mistake, if it is one."""
    requirement: str = ""
    """Number of the requirement, as `R2`."""
    promise: str = ""
    """Number of the promise or requirement that line three names."""
    check: str = ""
    """The check that found it."""
    schedule: tuple[str, ...] = ()
    """The shortest schedule found: taking any entry away keeps the promise."""
    story: tuple[str, ...] = ()
    """At most 15 sentences, each with its step."""
    step: int | None = None
    """Where the page opens."""
    seed: int | None = None
    page: Path | None = None
    """A self-contained page with the run."""
    printed: str = ""
    """The beginning of what the learner's code printed."""
    again: Callable[[], Verdict] | None = field(default=None, repr=False, compare=False)
    """Judges the same answer as it is by then; for a notebook's button."""

    @property
    def passed(self) -> bool:
        """Is it done?"""
        return self.outcome == PASSED

    @property
    def exit_code(self) -> int:
        """0 passed, 1 not yet, 2 could not grade."""
        return EXIT_CODES[self.outcome]

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """The four lines, each with what it is about."""
        return (("We did", self.did), ("Your code", self.got), ("Broken", self.broken), ("Look at", self.look))

    @property
    def link(self) -> str:
        """Address of the page, empty without one."""
        return self.page.resolve().as_uri() if self.page is not None else ""

    def __str__(self) -> str:
        if self.outcome != NOT_YET:
            return "\n".join([f"{self.exercise}: {self.outcome}. {self.did}", *([self.look] if self.look else [])])
        parts = [f"{self.exercise}: not yet", ""]
        parts += [f"{name:<10} {text}" for name, text in self.lines]
        if self.story:
            need = "Take any one of these away, and it does not:" if self.schedule else "It takes no fault, no record."
            parts += ["", f"The shortest run we found that shows it. {need}"]
            parts += [f"  {line}" for line in self.schedule]
            parts += ["", f"Its story (seed {self.seed}):"]
            parts += [f"{number:3}. {line}" for number, line in enumerate(self.story, 1)]
        if self.link:
            parts += ["", f"In the player, at step {self.step}: {self.link}"]
        if self.printed:
            parts += ["", "Your code printed: " + self.printed.strip().replace("\n", "\n  ")]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        link = f'<p><a href="{html.escape(self.link)}">Open the run at step {self.step}</a></p>' if self.link else ""
        return self.table() + link

    def _repr_mimebundle_(self, **arguments: Any) -> dict[str, Any]:
        from minikafka.grading.notebook import bundle

        return bundle(self, **arguments)

    def table(self) -> str:
        """The four lines and what belongs to them, as HTML."""
        head = f"<p><strong>{html.escape(self.exercise)}: {html.escape(self.outcome)}</strong></p>"
        if self.outcome != NOT_YET:
            return f"{head}<p>{html.escape(f'{self.did} {self.look}'.strip())}</p>"
        rows = "".join(
            f'<tr><th scope="row" style="{HEAD_STYLE}">{html.escape(name)}</th>'
            f'<td style="text-align:left">{html.escape(text)}</td></tr>'
            for name, text in self.lines
            if text
        )
        story = "".join(f"<li>{html.escape(line)}</li>" for line in self.story)
        return "".join([
            f"{head}<table>{rows}</table>",
            _folded("The shortest run that shows it", "\n".join(self.schedule)),
            f"<details><summary>Its story</summary><ol>{story}</ol></details>" if story else "",
            _folded("Your code printed", self.printed.strip()),
        ])


def _folded(name: str, text: str) -> str:
    return f"<details><summary>{name}</summary><pre>{html.escape(text)}</pre></details>" if text else ""


def could_not_grade(exercise: str, reason: str) -> Verdict:
    """It is not the learner's doing; one sentence says whose it is."""
    return Verdict(exercise, COULD_NOT_GRADE, reason, "", "", "")
