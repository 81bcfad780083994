"""Who is shown a step: most promises are about a few kinds of facts, and most steps tell of one or two.

```
 step: RecordsAppended, HighWatermarkMoved ─▶ those that look at either, at everything, the book's keeper
```

* Whoever shares a book with others may rely on it: the first of them is shown every step, and brings it up to date.
"""

from __future__ import annotations

from collections.abc import Sequence

from minikafka.sim.checkers.base import Checker
from minikafka.sim.checkers.ledger import Ledger
from minikafka.sim.checkers.promise import Promise
from minikafka.trace.trace import Told


class Audience:
    """All checkers of a run, in their order."""

    def __init__(self, checkers: Sequence[Checker]) -> None:
        self._checkers = checkers
        self._keepers: list[Checker] = []
        books: list[Ledger] = []
        for checker in checkers:
            if isinstance(checker, Promise) and not any(checker.ledger is book for book in books):
                books.append(checker.ledger)
                self._keepers.append(checker)
        self._shown: dict[frozenset[type], list[Checker]] = {}

    def of(self, told: list[Told]) -> list[Checker]:
        """Who must see this step, in order."""
        kinds = frozenset([type(fact) for _, _, fact in told])
        shown = self._shown.get(kinds)
        if shown is None:
            shown = self._shown[kinds] = [one for one in self._checkers if self._must_see(one, kinds)]
        return shown

    def _must_see(self, checker: Checker, kinds: frozenset[type]) -> bool:
        if not isinstance(checker, Promise) or not checker.looks_at or not checker.looks_at.isdisjoint(kinds):
            return True
        return any(checker is keeper for keeper in self._keepers)
