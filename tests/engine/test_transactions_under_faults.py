"""Whatever happens to brokers and connections: under protocol 2 a transaction is whole (I23), and none hangs (I24)."""

from __future__ import annotations

from random import Random

import pytest
from transaction_world import STATE, T0, T1, T2, World

from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.transaction_messages import EndTxnRequest, InitProducerIdRequest
from minikafka.types import broker_node

NODES = ("broker-1", "broker-2", "broker-3")
PATIENCE_MS = 1_500


class Faults:
    """One broker down and one paused at most, a link cut, connections that break with requests on their way."""

    def __init__(self, world, random):
        self.sim, self.client, self.random = world.sim, world.client, random
        self.down, self.paused = [], []
        self.due_ms = world.sim.now

    def maybe(self):
        """Called at every event: now and then something happens."""
        if self.sim.now >= self.due_ms:
            self.due_ms = self.sim.now + self.random.randint(100, 3_000)
            self.random.choice((self.crash, self.restart, self.pause, self.resume, self.cut, self.heal, self.delay))()

    def running(self):
        return [node for node in NODES if node not in self.down + self.paused]

    def crash(self):
        if not self.down and len(self.running()) > 1:
            self.down.append(self.random.choice(self.running()))
            self.sim.crash(self.down[0])

    def restart(self):
        while self.down:
            self.sim.restart(self.down.pop())

    def pause(self):
        if not self.paused and len(self.running()) > 1:
            self.paused.append(self.random.choice(self.running()))
            self.sim.pause(self.paused[0])

    def resume(self):
        while self.paused:
            self.sim.resume(self.paused.pop())

    def cut(self):
        one, other = self.random.sample(NODES, 2)
        self.sim.cut(one, [other])

    def heal(self):
        self.sim.heal()

    def delay(self):
        """What the client has sent is lost, or arrives when it has long gone on."""
        self.sim.disconnect(self.client.id, self.random.choice(NODES), late_ms=self.random.choice((-1, 500, 4_000)))

    def stop(self):
        self.restart(), self.resume(), self.heal()


class Application:
    """Writes one value to several partitions in each transaction, and remembers what it was told of the end."""

    def __init__(self, seed):
        self.random = Random(f"{seed}/transactions")
        self.world = World(seed)
        self.faults = Faults(self.world, self.random)
        self.told = {}
        """value → (partitions, committed?, was it answered?)"""

    def ask(self, partition, request):
        """One attempt: the answer, or None."""
        leader = self.world.sim.active_controller().image.partition(partition).leader
        to = broker_node(leader) if leader >= 0 else self.random.choice(NODES)
        number = self.world.post(to, request, channel=f"connection-{self.world.client.number // 3}")

        def done():
            self.faults.maybe()
            return number in self.world.client.answers

        return self.world.client.answers[number] if self.world.sim.run_until(done, PATIENCE_MS) else None

    def insist(self, partition, request, error_of):
        """Again while that makes sense: (error, answer); the error is None when nobody has answered in the end."""
        for _ in range(60):
            answer = self.ask(partition, request)
            if answer is not None and not error_of(answer).retriable:
                return error_of(answer), answer
            self.world.sim.run_for(50)
        return None, None

    def start(self):
        """A new instance, when things are quiet enough for one."""
        error = None
        while error != ErrorCode.NONE:
            request = InitProducerIdRequest("x", 10_000)
            error, answer = self.insist(STATE, request, lambda one: one.error)
            if error is None:
                self.faults.stop()
                self.world.sim.run_for(30_000)
        self.identity, self.sequences = (answer.producer_id, answer.producer_epoch), {}

    def transaction(self, value):
        partitions = tuple(one for one in (T0, T1, T2) if self.random.random() < 0.7) or (T0,)
        committing = self.write(value, partitions) and self.random.random() < 0.7
        request = EndTxnRequest("x", *self.identity, committing)
        error, answer = self.insist(STATE, request, lambda one: one.error)
        self.told[value] = (set(partitions), committing, error == ErrorCode.NONE)
        if error != ErrorCode.NONE or not committing:
            self.start()
        else:
            self.identity, self.sequences = (answer.producer_id, answer.producer_epoch), {}

    def write(self, value, partitions):
        for one in partitions:
            sequence = self.sequences.get(one, 0)
            request = self.world.produce_request(one, *self.identity, sequence, values=(value,))
            if self.insist(one, request, lambda answer: answer.partitions[0].error)[0] != ErrorCode.NONE:
                return False
            self.sequences[one] = sequence + 1
        return True


@pytest.mark.parametrize("seed", range(8))
def test_every_transaction_is_seen_whole_or_not_at_all_and_none_hangs(seed):
    application = Application(seed)
    world = application.world
    application.start()
    for number in range(12):
        application.transaction(f"{number}".encode())
    application.faults.stop()
    world.sim.run_for(90_000)
    seen = {partition: world.read(partition)[0] for partition in (T0, T1, T2)}
    for value, (partitions, committing, answered) in application.told.items():
        there = {partition for partition, values in seen.items() if value in values}
        assert there in ((partitions, set()) if committing else (set(),)), f"{value} is torn"
        assert there == partitions or not (committing and answered), f"{value} is lost"
        assert all(values.count(value) <= 1 for values in seen.values()), f"{value} is there twice"
    for partition in (T0, T1, T2):
        assert world.log(partition).last_stable_offset == world.log(partition).high_watermark
    assert any(committing and answered for _, committing, answered in application.told.values())
