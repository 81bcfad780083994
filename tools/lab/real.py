"""What the two labs with real sockets share: confluent-kafka, time that passes, and questions asked in bytes."""

from __future__ import annotations

import abc
import socket
import time
from typing import Any

import confluent_kafka
from confluent_kafka import admin

from lab.base import Lab
from lab.member import Member
from minikafka.protocol.errors import ErrorCode
from minikafka.server import codec

FETCH, EPOCH_END = 1, 23
QUIET = {"log_level": 0, "socket.timeout.ms": 10_000, "reconnect.backoff.max.ms": 500}


class RealLab(Lab):
    """confluent-kafka against a bootstrap address."""

    clients = confluent_kafka
    administration = admin

    def conf(self, settings: Any) -> dict[str, Any]:
        """With librdkafka's log switched off; and with `murmur2_random`, the Java client's partitioner."""
        named = super().conf(settings)
        if named.get("auto.offset.reset") == "none":
            named["auto.offset.reset"] = "error"  # librdkafka's word
        return QUIET | named

    def now(self) -> float:
        """Seconds that have passed."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    @abc.abstractmethod
    def address(self, broker: int) -> tuple[str, int]:
        """Where one broker listens."""

    def member(self, group: str, **settings: Any) -> Member:
        """A consumer in a process of its own."""
        usual = {"group.id": group, "enable.auto.commit": False, "auto.offset.reset": "earliest"}
        member = Member(usual | self.conf(settings))
        self.opened.append(member)
        return member

    def kill(self, member: Member) -> None:
        """SIGKILL."""
        self.opened.remove(member)
        member.kill()

    def end_of_epoch(self, broker: int, topic: str, epoch: int, current: int = -1) -> list[Any]:
        """See `Lab.end_of_epoch`."""
        asked = {"partition": 0, "leader_epoch": epoch, "current_leader_epoch": current}
        body = {"replica_id": -1, "topics": [{"topic": topic, "partitions": [asked]}]}
        answer = self.ask(broker, EPOCH_END, 4, body)["topics"][0]["partitions"][0]
        return [ErrorCode(answer["error_code"]).name, answer["leader_epoch"], answer["end_offset"]]

    def fetch_error(self, broker: int, topic: str, offset: int, epoch: int) -> str:
        """See `Lab.fetch_error`."""
        asked = {"partition": 0, "fetch_offset": offset, "current_leader_epoch": epoch, "partition_max_bytes": 1_000}
        body = {"max_wait_ms": 0, "min_bytes": 1, "forgotten_topics_data": []}
        body |= {"topics": [{"topic": topic, "topic_id": bytes(16), "partitions": [asked]}]}
        answer = self.ask(broker, FETCH, 12, body)["responses"][0]["partitions"][0]
        return ErrorCode(answer["error_code"]).name

    def ask(self, broker: int, key: int, version: int, body: dict[str, Any]) -> Any:
        """One request in bytes to one broker, and its answer."""
        with socket.create_connection(self.address(broker), timeout=10) as wire:
            wire.sendall(codec.request_frame(key, version, 1, "lab", body))
            with wire.makefile("rb") as stream:
                size = int.from_bytes(stream.read(4), "big")
                return codec.decode_response(key, version, stream.read(size))[1]
