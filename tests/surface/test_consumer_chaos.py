"""Members come, go, die and stand still, brokers crash, connections break: in the end everything has an owner."""

from __future__ import annotations

from random import Random

import pytest
from test_consumer_groups import SMALL, all_of, fill, member, owned, settle

from minikafka import Cluster, KafkaException
from minikafka.admin import AdminClient, NewTopic

KINDS = (
    {},
    {"partition_assignment_strategy": "cooperative-sticky"},
    {"partition_assignment_strategy": "sticky"},
    {"group_protocol": "consumer"},
)
SHORT = {"session_timeout_ms": 6_000, "heartbeat_interval_ms": 1_000}
SETTINGS = SMALL | {
    "offsets.topic.replication.factor": "3",
    "min.insync.replicas": "2",
    "group.consumer.session.timeout.ms": "6000",
    "group.consumer.heartbeat.interval.ms": "1000",
}


class Chaos:
    """A group and what befalls it, drawn from a seed."""

    def __init__(self, seed, kind):
        self.dice = Random(f"{seed}/chaos")
        self.cluster = Cluster(brokers=3, seed=seed, settings=SETTINGS)
        admin = AdminClient({"bootstrap.servers": self.cluster})
        admin.create_topics([NewTopic("orders", 4, 3)])["orders"].result()
        self.cluster.run(1)
        self.settings = kind | ({} if "group_protocol" in kind else SHORT)
        self.settings |= {"max_poll_interval_ms": 15_000, "auto_commit_interval_ms": 1_000}
        if self.dice.random() < 0.5:
            self.settings["callbacks"] = dict.fromkeys(("on_assign", "on_revoke", "on_lost"), lambda *_: None)
        self.live, self.frozen, self.down, self.made = [], [], 0, 0

    def strike(self):
        verb = self.dice.choice(
            "join poll poll poll kill close crash restart disconnect wait commit freeze thaw".split()
        )
        getattr(self, f"_{verb}")()

    def mend(self):
        self._restart()
        self._thaw()
        if not self.live:
            self._join()

    def _any(self):
        return self.dice.choice(self.live) if self.live else None

    def _join(self):
        self.made += 1
        if len(self.live) < 4:
            self.live.append(member(self.cluster, f"c{self.made}", **self.settings))

    def _poll(self):
        for consumer in self.live:
            consumer.consume(self.dice.randint(1, 5), self.dice.choice([0, 0.05, 0.5]))

    def _commit(self):
        try:
            if consumer := self._any():
                consumer.commit(asynchronous=self.dice.random() < 0.5)
        except KafkaException:
            pass  # It may be in no generation, or have nothing to commit.

    def _kill(self):
        if consumer := self._any():
            self.live.remove(consumer)
            self.cluster.kill(consumer)

    def _close(self):
        if consumer := self._any():
            self.live.remove(consumer)
            consumer.close()

    def _freeze(self):
        if consumer := self._any():
            self.live.remove(consumer)
            self.frozen.append(consumer)
            self.cluster.sim.pause(consumer.node)

    def _thaw(self):
        for consumer in self.frozen:
            self.cluster.sim.resume(consumer.node)
        self.live += self.frozen
        self.frozen = []

    def _crash(self):
        if not self.down:
            self.down = self.dice.randint(1, 3)
            self.cluster.crash(self.down)

    def _restart(self):
        if self.down:
            self.cluster.restart(self.down)
        self.down = 0

    def _disconnect(self):
        broker = self.dice.randint(1, 3)
        if (consumer := self._any()) and broker != self.down:
            self.cluster.disconnect(consumer.node, broker)

    def _wait(self):
        self.cluster.run(self.dice.choice([0.1, 1, 5, 20]))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(kind.values()) or "range")
def test_in_the_end_every_partition_has_one_owner_and_every_record_is_read(kind, seed):
    chaos = Chaos(seed, kind)
    fill(chaos.cluster, 8, partitions=4)
    for _ in range(25):
        chaos.strike()
    chaos.mend()
    settle(chaos.cluster, *chaos.live, rounds=40)
    fill(chaos.cluster, 8, partitions=4, first=100)
    given = settle(chaos.cluster, *chaos.live, rounds=10)
    assert {f"o{number}".encode() for number in range(100, 108)} <= set(all_of(given.values()))
    assert sorted(all_of(owned(*chaos.live))) == [0, 1, 2, 3]
