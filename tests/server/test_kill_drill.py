"""A server under load is killed at random moments; `make proof` plays many more."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import kill_drill

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


@pytest.mark.parametrize(("number", "kills"), [(0, 3), (1, 2)])
def test_what_was_acknowledged_survives_kills_at_random_moments(number: int, kills: int) -> None:
    told = kill_drill.lives(2026, number, kills)
    assert told["processes"] == (number == 1)
    assert told["acknowledged"] > 0


class Told(kill_drill.Drill):
    """A drill whose log is as a test says."""

    log: tuple[int, ...] = ()

    def stored(self) -> list[int]:
        return list(self.log)


@pytest.mark.parametrize(
    ("log", "why"),
    [
        ((0, 1, 2, 4), ""),
        ((0, 2, 3), r"acknowledged and not there: \[1\]"),
        ((0, 1, 1, 2), "twice, or out of order"),
        ((0, 2, 1), "twice, or out of order"),
        ((0, 1, 2, 9), "nobody has sent that"),
    ],
)
def test_a_log_that_lost_doubled_swapped_or_invented_a_record_is_found_out(
    log: tuple[int, ...], why: str, tmp_path: Path
) -> None:
    drill = Told(2026, 0, tmp_path)
    drill.log, drill.sent, drill.acknowledged = log, 6, [0, 1, 2]
    if not why:
        drill.judge()
        return
    with pytest.raises(AssertionError, match=why):
        drill.judge()
