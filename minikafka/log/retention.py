"""Which segments are old enough, or too many: whole files go, from the oldest on.

```
 segment      0        812      1651 (active)       retention.ms = 7 days
 largest      9 d ago  6 d ago  now
              goes     stays    stays               log start offset 0 → 812
```

* By time, a segment is as old as its *largest* timestamp: one young record keeps all its neighbours.
* By size, the oldest go as long as what is left is still at least retention.bytes.
* Nothing that is not committed goes: a segment is kept while the high watermark lies inside it.
* The first segment that must stay protects all later ones.

Mirrors `UnifiedLog.deletableSegments` and its three callers. What we leave out: tiered storage.
"""

from __future__ import annotations

from typing import NamedTuple

from minikafka.types import Millis, Offset


class SegmentView(NamedTuple):
    """What decides about one segment."""

    end_offset: Offset
    """Offset after its last."""
    size: int
    max_timestamp_ms: Millis


def below_log_start(segments: tuple[SegmentView, ...], log_start: Offset) -> int:
    """How many of the oldest segments nobody may read any more."""
    return _leading([one.end_offset <= log_start for one in segments])


def too_old(segments: tuple[SegmentView, ...], high_watermark: Offset, now: Millis, retention_ms: Millis) -> int:
    """How many of the oldest segments have no record younger than `retention_ms`; -1 keeps everything."""
    if retention_ms < 0:
        return 0
    return _leading(
        [one.end_offset <= high_watermark and now - one.max_timestamp_ms > retention_ms for one in segments]
    )


def too_large(segments: tuple[SegmentView, ...], high_watermark: Offset, retention_bytes: int) -> int:
    """How many of the oldest segments can go with `retention_bytes` still left; -1 keeps everything."""
    if retention_bytes < 0:
        return 0
    spare = sum(one.size for one in segments) - retention_bytes
    verdicts = []
    for one in segments:
        spare -= one.size
        verdicts.append(one.end_offset <= high_watermark and spare >= 0)
    return _leading(verdicts)


def _leading(verdicts: list[bool]) -> int:
    return verdicts.index(False) if False in verdicts else len(verdicts)
