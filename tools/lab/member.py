"""A consumer in a process of its own, so that it can be killed like one: `Consumer`'s calls, through a pipe.

this process                          its own process
Member.poll(1)     ── ["poll", 1] ──▶  consumer.poll(1)
Message(...)       ◀── what came ───
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition


class Received(NamedTuple):
    """A message that has come through the pipe: `Message`'s calls."""

    place: tuple[str, int, int | None]
    content: bytes | None
    trouble: int | None

    def topic(self) -> str:
        """Its topic."""
        return self.place[0]

    def partition(self) -> int:
        """Its partition."""
        return self.place[1]

    def offset(self) -> int | None:
        """Its offset."""
        return self.place[2]

    def value(self) -> bytes | None:
        """Its value."""
        return self.content

    def error(self) -> KafkaError | None:
        """Why there is no record, None if there is one."""
        return None if self.trouble is None else KafkaError(self.trouble)


class Member:
    """The near end."""

    def __init__(self, conf: dict[str, Any]) -> None:
        command = [sys.executable, str(Path(__file__).resolve())]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._say(conf)

    def _say(self, what: Any) -> Any:
        assert self.process.stdin is not None and self.process.stdout is not None, "both are pipes"
        pickle.dump(what, self.process.stdin)
        self.process.stdin.flush()
        answer = pickle.load(self.process.stdout)
        if isinstance(answer, int):
            raise KafkaException(KafkaError(answer))
        return answer[0]

    def subscribe(self, topics: list[str]) -> None:
        """See `Consumer`."""
        self._say(("subscribe", topics))

    def poll(self, timeout: float) -> Received | None:
        """See `Consumer`."""
        answer = self._say(("poll", timeout))
        return None if answer is None else Received(*answer)

    def commit(self, offsets: list[TopicPartition], asynchronous: bool = False) -> None:
        """See `Consumer`; always waits."""
        self._say(("commit", [(one.topic, one.partition, one.offset) for one in offsets]))

    def assignment(self) -> list[TopicPartition]:
        """See `Consumer`."""
        return [TopicPartition(*one) for one in self._say(("assignment",))]

    def close(self) -> None:
        """Leave the group, and end."""
        self._say(("close",))
        self.kill()

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def serve_one_consumer() -> None:
    """The far end: calls from standard input, until it ends."""
    inlet, outlet = sys.stdin.buffer, sys.stdout.buffer
    consumer = Consumer(pickle.load(inlet))
    pickle.dump([None], outlet)
    outlet.flush()
    while True:
        try:
            name, *arguments = pickle.load(inlet)
        except EOFError:
            return
        try:
            answer: Any = [_call(consumer, name, arguments)]
        except KafkaException as problem:
            answer = problem.args[0].code()
        pickle.dump(answer, outlet)
        outlet.flush()


def _call(consumer: Any, name: str, arguments: list[Any]) -> Any:
    match name:
        case "poll":
            message = consumer.poll(*arguments)
            if message is None:
                return None
            code = None if message.error() is None else message.error().code()
            return (message.topic(), message.partition(), message.offset()), message.value(), code
        case "commit":
            consumer.commit(offsets=[TopicPartition(*one) for one in arguments[0]], asynchronous=False)
        case "assignment":
            return [(one.topic, one.partition, one.offset) for one in consumer.assignment()]
        case _:
            getattr(consumer, name)(*arguments)
    return None


if __name__ == "__main__":
    serve_one_consumer()
