"""Traces written by hand, for tests of the player only: the product never shows them.

`two_leaders()` follows the hook of lesson 6 closely enough to try every part of the player; `long_run(n)` is for speed.
"""

from __future__ import annotations

from typing import Any

PARTITION = "orders-0"
Json = dict[str, Any]


class Script:
    """Collects steps, messages and facts in the form of docs/trace-format.md."""

    def __init__(self, title: str, nodes: list[Json]) -> None:
        self.nodes = nodes
        self.index = {node["id"]: i for i, node in enumerate(nodes)}
        self.labels: list[str] = []
        self.steps: list[list[int]] = []
        self.messages: list[list[int]] = []
        self.facts: list[list[Any]] = []
        self.bookmarks: list[list[Any]] = []
        self.title = title

    @property
    def now(self) -> int:
        return len(self.steps)

    def label(self, text: str) -> int:
        if text not in self.labels:
            self.labels.append(text)
        return self.labels.index(text)

    def node(self, name: str | None) -> int:
        return -1 if name is None else self.index[name]

    def step(self, ms: int, kind: str, node: str | None, label: str = "", parent: int | None = None) -> int:
        self.steps.append([ms, kind, self.node(node), self.now if parent is None else parent,
                           self.label(label) if label else -1])
        return self.now

    def send(self, source: str, target: str, label: str) -> int:
        self.messages.append([self.index[source], self.index[target], self.now, 0, self.label(label), 0])
        return len(self.messages) - 1

    def deliver(self, message: int, ms: int = 5) -> int:
        _, target, sent, _, _, _ = self.messages[message]
        self.steps.append([ms, "deliver", target, sent, message])
        self.messages[message][3] = self.now
        return self.now

    def lose(self, message: int) -> None:
        self.messages[message][3:] = [self.now, self.messages[message][4], 1]

    def fact(self, node: str | None, kind: str, weight: int, sentence: str, /, **fields: Any) -> None:
        self.facts.append([self.now, self.node(node), kind, fields, sentence, weight])

    def on_partition(self, node: str, kind: str, weight: int, sentence: str, **fields: Any) -> None:
        self.fact(node, kind, weight, sentence, partition=PARTITION, **fields)

    def bookmark(self, name: str, text: str = "") -> None:
        self.bookmarks.append([self.now, name, text])

    def beat(self, brokers: list[int], ms: int = 500) -> None:
        for broker in brokers:
            self.step(ms // len(brokers), "timer", f"broker-{broker}", "~heartbeat")
            self.deliver(self.send(f"broker-{broker}", "controller-1", "~Heartbeat"), 2)

    def json(self, **more: Any) -> Json:
        return {"schema": "minikafka-trace/1.0", "scenario": "synthetic", "title": self.title, "moral": "",
                "seed": 7, "settings": {"min.insync.replicas": "2"}, "partitions": [PARTITION], "nodes": self.nodes,
                "labels": self.labels, "steps": self.steps, "messages": self.messages, "facts": self.facts,
                "bookmarks": self.bookmarks, "questions": [], "branches": [], **more}


NODES: list[Json] = [
    {"id": "broker-1", "role": "broker"}, {"id": "broker-2", "role": "broker"}, {"id": "broker-3", "role": "broker"},
    {"id": "controller-1", "role": "controller"},
    {"id": "producer-A", "role": "producer", "about": "acks=all"},
    {"id": "producer-L", "role": "producer", "about": "acks=1"},
    {"id": "producer-N", "role": "producer", "about": "acks=all, starts at scene 10"},
    {"id": "consumer-C", "role": "consumer"},
]


def begin(s: Script) -> None:
    """Three brokers up, broker 1 leads epoch 0."""
    s.step(0, "call", "controller-1", "start")
    for node in ("controller-1", "broker-1", "broker-2", "broker-3"):
        s.fact(node, "NodeStarted", 0, f"{node} starts.", node=node)
    s.fact("controller-1", "QuorumLeaderElected", 0, "Controller 1 is active in quorum epoch 1.", epoch=1)
    for broker in (1, 2, 3):
        s.fact("controller-1", "BrokerRegistered", 0, f"Broker {broker} is registered.", broker=broker,
               broker_epoch=broker, clean=True)
        s.fact("controller-1", "BrokerUnfenced", 0, f"Broker {broker} is unfenced.", broker=broker)
    changed(s, 1, 0, [1, 2, 3], -1, [], 0, 4)
    for broker in (1, 2, 3):
        s.step(5, "deliver", f"broker-{broker}")
        s.steps[-1][4] = s.send("controller-1", f"broker-{broker}", "~metadata")
        s.messages[-1][3] = s.now
        s.fact(f"broker-{broker}", "MetadataReplayed", 0, "", next_offset=5)
        if broker == 1:
            s.on_partition("broker-1", "BecameLeader", 1, "Broker 1 leads orders-0 in epoch 0.", leader_epoch=0,
                           start_offset=0, isr=[1, 2, 3], partition_epoch=0)
        else:
            s.on_partition(f"broker-{broker}", "BecameFollower", 0, f"Broker {broker} follows broker 1.", leader=1,
                           leader_epoch=0)


def changed(s: Script, leader: int, epoch: int, isr: list[int], old: int, old_isr: list[int], weight: int,
            offset: int) -> None:
    words = ", ".join(map(str, isr))
    s.on_partition("controller-1", "PartitionChanged", weight,
                   f"The controller writes: broker {leader} leads orders-0 in epoch {epoch}, ISR {words}.",
                   leader=leader, leader_epoch=epoch, isr=isr, elr=[], last_known_leader=-1, partition_epoch=epoch,
                   old_leader=old, old_isr=old_isr, old_elr=[], recovering=False, metadata_offset=offset)


def produce(s: Script, client: str, broker: int, value: str, offset: int, epoch: int, acks: int) -> int:
    """Send and append; the answer comes later. The correlation id is the offset plus 10."""
    name = "all" if acks == -1 else str(acks)
    s.step(20, "call", client, f"produce {value}")
    s.on_partition(client, "ProduceSent", 1, f"{client} sends {value} to broker {broker}, acks={name}.",
                   broker=broker, acks=acks, values=[value], attempt=1)
    s.deliver(s.send(client, f"broker-{broker}", f"Produce {value}, acks={name}"))
    s.on_partition(f"broker-{broker}", "RecordsAppended", 1,
                   f"Broker {broker} appends {value} at offset {offset} in epoch {epoch}.", base_offset=offset,
                   next_offset=offset + 1, records=[[offset, epoch, None, value]], as_leader=True)
    if acks == -1:
        s.on_partition(f"broker-{broker}", "ProduceParked", 1,
                       f"The request waits until the high watermark reaches {offset + 1}.", client=client,
                       needs_offset=offset + 1, correlation_id=offset + 10)
    return s.now


def copy(s: Script, leader: int, follower: int, offset: int, epoch: int, value: str, ask: bool = True) -> None:
    """One fetch that brings a record, and the next one, which tells the leader."""
    fetch = s.send(f"broker-{follower}", f"broker-{leader}", f"Fetch {offset}, epoch {epoch}")
    s.deliver(fetch)
    s.deliver(s.send(f"broker-{leader}", f"broker-{follower}", f"→ {value} at {offset}"))
    s.on_partition(f"broker-{follower}", "RecordsAppended", 1, f"Broker {follower} copies {value} at {offset}.",
                   base_offset=offset, next_offset=offset + 1, records=[[offset, epoch, None, value]], as_leader=False)
    if ask:
        s.deliver(s.send(f"broker-{follower}", f"broker-{leader}", f"Fetch {offset + 1}, epoch {epoch}"))
        s.on_partition(f"broker-{leader}", "FollowerProgress", 0, "", follower=follower, log_end_offset=offset + 1,
                       leader_epoch=epoch, claimed_epoch=epoch)


def commit(s: Script, leader: int, offset: int, followers: tuple[int, ...]) -> None:
    s.on_partition(f"broker-{leader}", "HighWatermarkMoved", 1,
                   f"Every in-sync replica holds everything below {offset}: the high watermark moves to {offset}.",
                   high_watermark=offset, as_leader=True)
    for follower in followers:
        s.deliver(s.send(f"broker-{leader}", f"broker-{follower}", "~Fetch answer"))
        s.on_partition(f"broker-{follower}", "HighWatermarkMoved", 0, "", high_watermark=offset, as_leader=False)


def answer(s: Script, broker: int, client: str, offset: int, acks: int, value: str, epoch: int) -> None:
    s.on_partition(f"broker-{broker}", "ProduceAnswered", 0, "", client=client, error="NONE", base_offset=offset,
                   next_offset=offset + 1, acks=acks, correlation_id=offset + 10)
    s.deliver(s.send(f"broker-{broker}", client, f"→ stored at {offset}"))
    s.on_partition(client, "ProduceAcknowledged", 1, f"{client} is told: {value} is stored at offset {offset}.",
                   base_offset=offset, acks=acks, values=[value], broker=broker, leader_epoch_known=epoch)


def deposed(s: Script) -> tuple[int, int]:
    """Scenes 1 to 7: broker 1 is cut from the controller and deposed, without knowing."""
    produce(s, "producer-A", 1, "a", 0, 0, -1)
    copy(s, 1, 2, 0, 0, "a")
    copy(s, 1, 3, 0, 0, "a")
    commit(s, 1, 1, (2, 3))
    answer(s, 1, "producer-A", 0, -1, "a", 0)
    s.bookmark("a is stored on three")
    s.beat([1, 2, 3])
    cut_at = s.step(100, "fault", None, parent=0)
    s.fact(None, "LinkCut", 2, "Broker 1 is cut off from the controllers.", one="broker-1", other="controller-1")
    s.bookmark("1 is cut off from the controllers")
    produce(s, "producer-A", 1, "b", 1, 0, -1)
    copy(s, 1, 2, 1, 0, "b")
    copy(s, 1, 3, 1, 0, "b")
    commit(s, 1, 2, (2, 3))
    answer(s, 1, "producer-A", 1, -1, "b", 0)
    s.bookmark("b is stored: no controller in the data path")
    for _ in range(17):
        s.step(166, "timer", "broker-1", "~heartbeat")
        s.lose(s.send("broker-1", "controller-1", "~Heartbeat"))
        s.beat([2, 3])
    s.step(300, "timer", "controller-1", "session of broker 1")
    s.fact("controller-1", "BrokerFenced", 2, "No heartbeat of broker 1 for 9 s: the controller fences it.", broker=1,
           silent_ms=9000)
    changed(s, 2, 1, [2, 3], 1, [1, 2, 3], 2, 6)
    s.bookmark("nobody votes: the controller writes")
    to_2 = s.send("controller-1", "broker-2", "metadata: 2 leads, epoch 1")
    to_3 = s.send("controller-1", "broker-3", "metadata: 2 leads, epoch 1")
    s.deliver(to_2)
    s.fact("broker-2", "MetadataReplayed", 0, "", next_offset=7)
    s.on_partition("broker-2", "BecameLeader", 2, "Broker 2 reads it, leads, and notes: epoch 1 starts at 2.",
                   leader_epoch=1, start_offset=2, isr=[2, 3], partition_epoch=1)
    s.bookmark("2 leads epoch 1")
    s.deliver(to_3)
    s.fact("broker-3", "MetadataReplayed", 0, "", next_offset=7)
    s.on_partition("broker-3", "BecameFollower", 1, "Broker 3 reads it and follows broker 2.", leader=2,
                   leader_epoch=1)
    s.deliver(s.send("broker-3", "broker-2", "Fetch 2, epoch 1"))
    s.bookmark("3 fetches from 2")
    s.step(10, "call", None)
    s.fact(None, "Note", 1, "Broker 1 has read nothing of this: it still leads epoch 0 in its own eyes.",
           text="Broker 1 still leads epoch 0 in its own eyes.")
    s.bookmark("1 still leads, in its own eyes")
    return cut_at, s.now


QUESTIONS = [
    {"before": 4, "ask": "Broker 1 has been silent for 9 seconds. Who leads next?", "choices": [
        {"text": "whoever 2 and 3 elect", "right": False, "scene": 4,
         "reply": "2 and 3 exchange no message about it. Look at scene 4: one writer decides."},
        {"text": "the longest log", "right": False, "scene": 4,
         "reply": "All logs are equal here, and 2 is chosen by order."},
        {"text": "2: first of the ISR in assignment order", "right": True, "scene": 4,
         "reply": "The controller takes the first live replica of the ISR."},
        {"text": "nobody: 1 is alive and reachable", "right": False, "scene": 4,
         "reply": "Heartbeats decide, and none came through."}]},
    {"before": 8, "ask": "L sends c to broker 1 with acks=1. What happens?", "choices": [
        {"text": "refused: 1 was deposed", "right": False, "scene": 7, "reply": "Broker 1 has not read that line yet."},
        {"text": "stored and safe", "right": False, "scene": 15, "reply": "Stored, yes. Look at scene 15."},
        {"text": "stored, and doomed", "right": True, "scene": 8, "reply": "Nobody fetches from 1 any more."}]},
]


def two_leaders(branches: bool = True) -> Json:
    """The hook of lesson 6, by hand."""
    s = Script("Two leaders, one record", [dict(node) for node in NODES])
    begin(s)
    _, fork = deposed(s)
    produce(s, "producer-L", 1, "c", 2, 0, 1)
    answer(s, 1, "producer-L", 2, 1, "c", 0)
    s.bookmark("c is stored, and doomed")
    produce(s, "producer-A", 1, "d", 3, 0, -1)
    s.bookmark("d waits: nobody fetches")
    produce(s, "producer-N", 2, "e", 2, 1, -1)
    copy(s, 2, 3, 2, 1, "e")
    commit(s, 2, 3, (3,))
    answer(s, 2, "producer-N", 2, -1, "e", 1)
    s.bookmark("e is stored by the new leader")
    s.deliver(s.send("consumer-C", "broker-1", "Fetch 0, epoch 1"))
    s.on_partition("broker-1", "ReadRefused", 1, "Broker 1 refuses the consumer: UNKNOWN_LEADER_EPOCH.",
                   reader="consumer-C", error="UNKNOWN_LEADER_EPOCH", request_epoch=1, local_epoch=0)
    s.deliver(s.send("broker-1", "consumer-C", "→ UNKNOWN_LEADER_EPOCH"))
    s.on_partition("consumer-C", "FetchFailed", 1, "consumer-C is told by broker 1: UNKNOWN_LEADER_EPOCH.", broker=1,
                   error="UNKNOWN_LEADER_EPOCH")
    s.bookmark("a consumer knows more than 1")
    s.deliver(s.send("consumer-C", "broker-2", "Fetch 0, epoch 0"))
    s.deliver(s.send("broker-2", "consumer-C", "→ FENCED_LEADER_EPOCH"))
    s.on_partition("consumer-C", "FetchFailed", 1, "consumer-C is told by broker 2: FENCED_LEADER_EPOCH.", broker=2,
                   error="FENCED_LEADER_EPOCH")
    s.bookmark("and less than 2")
    for _ in range(20):
        s.beat([2, 3], 1000)
    s.step(900, "timer", "producer-A", "request timeout")
    s.on_partition("producer-A", "ProduceRetried", 1, "producer-A waited 30 s for d: REQUEST_TIMED_OUT. It retries.",
                   error="REQUEST_TIMED_OUT", values=["d"], retry_after_ms=100)
    s.bookmark("30 s: outcome unknown")
    s.step(400, "fault", None, parent=0)
    s.fact(None, "LinkHealed", 2, "Messages pass again between broker 1 and the controllers.", one="broker-1",
           other="controller-1")
    s.step(300, "timer", "broker-1", "~heartbeat")
    s.deliver(s.send("controller-1", "broker-1", "metadata: 2 leads, epoch 1"))
    s.fact("broker-1", "MetadataReplayed", 0, "", next_offset=7)
    s.on_partition("broker-1", "BecameFollower", 2, "Broker 1 reads what was written, and follows broker 2.",
                   leader=2, leader_epoch=1)
    s.on_partition("broker-1", "ProduceAnswered", 1, "Broker 1 answers the waiting d: NOT_LEADER_OR_FOLLOWER.",
                   client="producer-A", error="NOT_LEADER_OR_FOLLOWER", base_offset=-1, next_offset=-1, acks=-1,
                   correlation_id=13)
    s.bookmark("heal: 1 learns that it was deposed")
    fetch = s.send("broker-1", "broker-2", "Fetch 4, last epoch 0")
    s.deliver(fetch)
    s.on_partition("broker-2", "DivergenceFound", 1, "Broker 2 answers broker 1: epoch 0 ends at 2 here.",
                   reader="broker-1", fetch_offset=4, last_fetched_epoch=0, epoch=0, end_offset=2)
    s.deliver(s.send("broker-2", "broker-1", "→ epoch 0 ends at 2"))
    s.on_partition("broker-1", "LogTruncated", 2, "Broker 1 cuts off c and d: everything from offset 2 on.",
                   to_offset=2, was_end=4)
    s.bookmark("1 drops c and d")
    produce(s, "producer-A", 2, "d", 3, 1, -1)
    copy(s, 2, 3, 3, 1, "d")
    commit(s, 2, 4, (3,))
    answer(s, 2, "producer-A", 3, -1, "d", 1)
    s.bookmark("d is stored by the new leader")
    copy(s, 2, 1, 2, 1, "e", ask=False)
    copy(s, 2, 1, 3, 1, "d")
    s.on_partition("broker-2", "IsrProposed", 1, "Broker 2 asks the controller to take 1 back into the ISR.",
                   isr=[2, 3, 1], added=[1], removed=[], leader_epoch=1)
    s.step(10, "deliver", "controller-1")
    s.steps[-1][4] = s.send("broker-2", "controller-1", "AlterPartition +1")
    s.messages[-1][3] = s.now
    s.fact("controller-1", "BrokerUnfenced", 1, "Broker 1 has caught up with the metadata: unfenced.", broker=1)
    changed(s, 2, 1, [2, 3, 1], 2, [2, 3], 1, 8)
    s.deliver(s.send("controller-1", "broker-2", "→ ISR 2, 3, 1"))
    s.on_partition("broker-2", "IsrAdopted", 1, "Broker 2 counts with ISR 2, 3, 1.", isr=[2, 3, 1], partition_epoch=2)
    s.fact(None, "LossBeyondPromise", 2, "c is nowhere. It was stored with acks=1: one copy was all that was promised.",
           sentence="c is nowhere.")
    s.bookmark("1 is back in sync; c is nowhere")
    future = [{"at": fork, "name": "acks=all instead", "trace": other_future()}] if branches else []
    return s.json(questions=QUESTIONS, branches=future, moral="Nobody voted.")


def other_future() -> Json:
    """The same past; then L sends c with acks=all and is never told *stored*."""
    s = Script("Two leaders, with acks=all", [dict(node) for node in NODES])
    begin(s)
    deposed(s)
    produce(s, "producer-L", 1, "c", 2, 0, -1)
    s.bookmark("c waits: nobody is told stored")
    return s.json()


def long_run(steps: int) -> Json:
    """Many appends and copies, for measuring the player."""
    s = Script("A long run", [dict(node) for node in NODES])
    begin(s)
    offset = 0
    while s.now < steps:
        produce(s, "producer-A", 1, f"v{offset}", offset, 0, -1)
        copy(s, 1, 2, offset, 0, f"v{offset}")
        copy(s, 1, 3, offset, 0, f"v{offset}")
        commit(s, 1, offset + 1, (2, 3))
        answer(s, 1, "producer-A", offset, -1, f"v{offset}", 0)
        offset += 1
    return s.json()


if __name__ == "__main__":
    import json
    import sys

    print(json.dumps(long_run(int(sys.argv[1])) if len(sys.argv) > 1 else two_leaders()))
