"""All logs of one broker: opened with what was noted about them, looked after by timers, closed in order.

```
 every  5 s   replication-offset-checkpoint       high watermarks, and where logs start
 every 60 s   recovery-point-offset-checkpoint    what is flushed
 every  5 min retention: segments that are too old, or too many, become .deleted, and go a minute later
 every 15 s   compaction, once there is a topic that wants it
```

* After a crash a log is walked from its recovery point; after a clean stop it is not.

Mirrors `LogManager`. What we leave out: several log directories, recovery by several threads, a cleaner that works
on the dirtiest log first and for a while (here all that need it are cleaned at once, in no time); the first look at
retention comes after a whole interval, not after 30 s; where logs start is noted with the high watermarks.
"""

from __future__ import annotations

from collections.abc import Callable

from minikafka.broker import replica_files
from minikafka.broker.lifecycle import CLEAN_SHUTDOWN_PATH
from minikafka.config import ServerConfig, TopicConfig
from minikafka.disk import Disk, StorageError
from minikafka.effects import Effect, Observe, SetTimer, Timer
from minikafka.log import checkpoints, compaction
from minikafka.log.loading import Opening
from minikafka.log.partition_log import PartitionLog
from minikafka.protocol import facts
from minikafka.types import Millis, Offset, TopicPartition

RETENTION, CLEANER, DELETION, EXPIRATION = "log-retention", "log-cleaner", "log-deletion", "producer-expiration"
TIMERS = (RETENTION, CLEANER, DELETION, EXPIRATION)
NOTES = (
    checkpoints.HIGH_WATERMARKS, checkpoints.LOG_STARTS, checkpoints.RECOVERY_POINTS, checkpoints.CLEANED,
)  # fmt: skip


class LogManager:
    """Opens, looks after and closes the logs of topics."""

    def __init__(self, config: ServerConfig, disk: Disk) -> None:
        """Before the mark of a clean shutdown is taken away."""
        self.config = config
        self.disk = disk
        self.logs: dict[TopicPartition, PartitionLog] = {}
        self._was_clean = disk.size(CLEAN_SHUTDOWN_PATH) > 0
        self._noted = {path: checkpoints.read_offsets(disk, path) for path in NOTES}
        self._recovery_points_due_ms: Millis = 0
        self._doomed: list[tuple[Millis, str]] = []
        self._cleaning = False

    def open(self, name: TopicPartition, config: TopicConfig) -> PartitionLog:
        """Open a log, recovering it if the process before this one crashed."""
        opening = Opening(
            self._was_clean,
            self._noted[checkpoints.RECOVERY_POINTS].get(name, 0),
            self._noted[checkpoints.LOG_STARTS].get(name, 0),
        )
        log = self.logs[name] = PartitionLog(name, self.disk, config, opening)
        log.move_high_watermark(self._noted[checkpoints.HIGH_WATERMARKS].get(name, 0))
        log.cleaned_up_to = min(self._noted[checkpoints.CLEANED].get(name, 0), log.log_end_offset)
        return log

    def remove(self, name: TopicPartition) -> None:
        """The replica is gone from this broker: so are its files, and what was noted about it."""
        self.forget(name)
        replica_files.remove(self.disk, name)

    def forget(self, name: TopicPartition) -> None:
        """What was noted was about another log of this name."""
        self.logs.pop(name, None)
        for noted in self._noted.values():
            noted.pop(name, None)

    # --- notes ---

    def checkpoint(self, now: Millis) -> None:
        """Write what is committed and where logs start; from time to time what is flushed."""
        self._note(checkpoints.HIGH_WATERMARKS, lambda log: log.high_watermark)
        self._note(checkpoints.LOG_STARTS, lambda log: log.log_start_offset)
        if now >= self._recovery_points_due_ms:
            self._recovery_points_due_ms = now + self.config.log_flush_offset_checkpoint_interval_ms
            self._note(checkpoints.RECOVERY_POINTS, lambda log: log.recovery_point)
            self._note(checkpoints.CLEANED, lambda log: log.cleaned_up_to)

    def _note(self, path: str, offset_of: Callable[[PartitionLog], Offset]) -> None:
        # A broker that waits for its registration has not opened its logs yet: what was noted of them still holds.
        offsets = {**self._noted[path], **{name: offset_of(log) for name, log in sorted(self.logs.items())}}
        if path != checkpoints.HIGH_WATERMARKS:
            offsets = {name: offset for name, offset in offsets.items() if offset}
        if offsets != self._noted[path]:
            self._noted[path] = offsets
            checkpoints.write_offsets(self.disk, path, offsets)

    def close(self) -> bool:
        """Stop in order; False when there are logs on the disk that were never opened, and may be damaged."""
        for log in self.logs.values():
            log.close()
        self._recovery_points_due_ms = 0
        self.checkpoint(0)
        return all(name in self.logs for name in replica_files.found_on(self.disk))

    # --- timers ---

    def start(self) -> list[Effect]:
        """The loops that always run."""
        return [
            SetTimer(Timer(RETENTION), self.config.log_retention_check_interval_ms),
            SetTimer(Timer(EXPIRATION), self.config.producer_id_expiration_check_interval_ms),
        ]

    def watch_compacted(self) -> list[Effect]:
        """Begin the cleaner's loop with the first log that is to be compacted."""
        if self._cleaning or not any("compact" in log.config.cleanup_policy for log in self.logs.values()):
            return []
        self._cleaning = True
        return [SetTimer(Timer(CLEANER), self.config.log_cleaner_backoff_ms)]

    def fired(self, timer: Timer, now: Millis) -> list[Effect]:
        """One of `TIMERS` has run out."""
        match timer.name:
            case "log-retention":
                return [
                    *self._look_after(lambda log: log.delete_old_segments(now), now),
                    SetTimer(timer, self.config.log_retention_check_interval_ms),
                ]
            case "log-cleaner":
                return [
                    *self._look_after(lambda log: compaction.clean_if_worth_it(log, now), now),
                    SetTimer(timer, self.config.log_cleaner_backoff_ms),
                ]
            case "log-deletion":
                self._delete_doomed(now)
                return []
            case "producer-expiration":
                for log in self.logs.values():
                    log.producers.expire(now, self.config.producer_id_expiration_ms)
                return [SetTimer(timer, self.config.producer_id_expiration_check_interval_ms)]
        raise AssertionError(f"{timer} is not one of {TIMERS}")

    def _look_after(self, work: Callable[[PartitionLog], object], now: Millis) -> list[Effect]:
        effects: list[Effect] = []
        for name, log in self.logs.items():
            try:
                work(log)
            except StorageError as problem:
                effects.append(Observe(facts.StorageFailed(name, str(problem))))
            effects += [Observe(fact) for fact in log.take_news()]
            if log.doomed:
                delay = log.config.file_delete_delay_ms
                self._doomed += [(now + delay, path) for path in log.doomed]
                log.doomed.clear()
                effects.append(SetTimer(Timer(DELETION), delay))
        return effects

    def _delete_doomed(self, now: Millis) -> None:
        for due_ms, path in self._doomed:
            if due_ms <= now:
                self.disk.delete(path)
        self._doomed = [(due_ms, path) for due_ms, path in self._doomed if due_ms > now]
