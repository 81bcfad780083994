"""A cluster and a client that says exactly what a test wants it to say, to whom, and when."""

from __future__ import annotations

from minikafka.config import ServerConfig
from minikafka.effects import Send
from minikafka.protocol import facts
from minikafka.protocol.admin_messages import CreateTopicsRequest, NewTopicSpec
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import FindCoordinatorRequest
from minikafka.protocol.messages import (
    Envelope,
    FetchPartition,
    FetchRequest,
    ListOffsetsPartition,
    ListOffsetsRequest,
    ProducePartition,
    ProduceRequest,
)
from minikafka.protocol.records import build_batch, end_marker, split_batches
from minikafka.protocol.transaction_messages import (
    AddPartitionsToTxnRequest,
    EndTxnRequest,
    InitProducerIdRequest,
    TransactionToAdd,
)
from minikafka.sim.simulation import Simulation
from minikafka.types import TRANSACTION_STATE_TOPIC, TopicPartition, broker_node

SETTINGS = {
    "transaction_state_log_num_partitions": 1,
    "offsets_topic_num_partitions": 1,
    "min_insync_replicas": 2,
    "group_initial_rebalance_delay_ms": 0,
}
STATE = TopicPartition(TRANSACTION_STATE_TOPIC, 0)
T0, T1, T2 = (TopicPartition("t", number) for number in range(3))


class Caller:
    """A client without opinions: it sends what it is told to, and keeps the answers."""

    def __init__(self, node="client-1"):
        self.id = node
        self.answers = {}
        self.asked = {}
        self.number = 0

    def ask(self, to, request, channel="data"):
        self.number += 1
        self.asked[self.number] = to
        return self.number, [Send(Envelope(self.id, to, request, self.number, channel))]

    def start(self, now):
        return []

    def handle(self, envelope, now):
        self.answers[envelope.correlation_id] = envelope.message
        return []

    def disconnected(self, peer, now):
        for number, to in self.asked.items():
            if to == peer:
                self.answers.setdefault(number, None)
        return []

    def fire(self, timer, now):
        return []


class World:
    """Three brokers, a topic `t` of three partitions, and the two internal topics, of one partition each."""

    def __init__(self, seed=1, **settings):
        self.sim = Simulation(seed, 3, config=ServerConfig(**{**SETTINGS, **settings}))
        assert self.sim.run_until(self.sim.all_brokers_active, 12_000)
        self.client = Caller()
        self.sim.add_client(self.client)
        spec = NewTopicSpec("t", 3, 3)
        self.ask("broker-1", CreateTopicsRequest((spec,)))
        for key_type in (0, 1):
            self.ask("broker-1", FindCoordinatorRequest(key_type, ("x",)))
        self.sim.run_for(1_000)

    # --- asking ---

    def post(self, to, request, channel="data"):
        """Send, and do not wait: the number under which the answer will be."""
        numbers = []

        def send():
            number, effects = self.client.ask(to, request, channel)
            numbers.append(number)
            return effects

        self.sim.call(self.client.id, type(request).__name__, send)
        return numbers[0]

    def ask(self, to, request, limit_ms=40_000):
        """Send, and wait for the answer; None when the connection broke."""
        number = self.post(to, request)
        assert self.sim.run_until(lambda: number in self.client.answers, limit_ms), f"no answer to {request}"
        return self.client.answers[number]

    def leader(self, partition):
        """Who leads, as the controller has it."""
        return broker_node(self.sim.active_controller().image.partition(partition).leader)

    @property
    def coordinator(self):
        return self.leader(STATE)

    def log(self, partition):
        """The log of the leader."""
        return self.sim.process(self.leader(partition)).replicas.partitions[partition].log

    def facts(self, kind, **wanted):
        """All facts of a kind so far."""
        told = [told.fact for told in self.sim.recorder.told if type(told.fact) is kind]
        return [fact for fact in told if all(getattr(fact, name) == value for name, value in wanted.items())]

    def states(self, name="x"):
        return [fact.state for fact in self.facts(facts.TransactionChanged, transactional_id=name)]

    # --- a producer's requests ---

    def init(self, name="x", pid=-1, epoch=-1, timeout_ms=60_000):
        """InitProducerId, again while the error is retriable."""
        for _ in range(100):
            answer = self.ask(self.coordinator, InitProducerIdRequest(name, timeout_ms, pid, epoch))
            if answer is not None and not answer.error.retriable:
                return answer
            self.sim.run_for(100)
        raise AssertionError(f"still {answer}")

    def produce_request(self, partition, pid, epoch, sequence=0, values=(b"v",), name="x", tv2=True):
        batch = build_batch(
            [(self.sim.now, None, value, ()) for value in values],
            producer_id=pid, producer_epoch=epoch, base_sequence=sequence, transactional=name is not None,
        )  # fmt: skip
        return ProduceRequest(-1, 30_000, (ProducePartition(partition, batch.data),), name, tv2)

    def produce(self, partition, pid, epoch, sequence=0, **options):
        """One batch, once: (error, offset)."""
        answer = self.ask(self.leader(partition), self.produce_request(partition, pid, epoch, sequence, **options))
        return answer.partitions[0].error, answer.partitions[0].base_offset

    def write(self, partition, pid, epoch, sequence=0, **options):
        """One batch that must be taken, again while the error is retriable."""
        for _ in range(50):
            error, offset = self.produce(partition, pid, epoch, sequence, **options)
            if error == ErrorCode.NONE:
                return offset
            assert error.retriable, error.name
            self.sim.run_for(100)
        raise AssertionError(f"still {error.name}")

    def add(self, pid, epoch, *partitions, name="x", **options):
        """AddPartitionsToTxn of a producer (protocol 1), again while the error is retriable."""
        request = AddPartitionsToTxnRequest((TransactionToAdd(name, pid, epoch, partitions),), **options)
        for _ in range(50):
            error = self.ask(self.coordinator, request).results[0][2]
            if not error.retriable:
                return error
            self.sim.run_for(50)
        raise AssertionError(f"still {error.name}")

    def end(self, pid, epoch, commit=True, name="x", tv2=True):
        """EndTxn, again while the error is retriable."""
        for _ in range(100):
            answer = self.ask(self.coordinator, EndTxnRequest(name, pid, epoch, commit, tv2))
            if answer is not None and not answer.error.retriable:
                return answer
            self.sim.run_for(100)
        raise AssertionError(f"still {answer}")

    # --- readers ---

    def read(self, partition, committed=True):
        """(values that an application sees, the answer as it came)."""
        asked = FetchPartition(partition, 0)
        request = FetchRequest(-1, (asked,), max_wait_ms=0, isolation_level=int(committed))
        (result,) = self.ask(self.leader(partition), request).partitions
        return visible(result, committed), result

    def latest(self, partition, committed=True):
        request = ListOffsetsRequest((ListOffsetsPartition(partition, -1),), isolation_level=int(committed))
        return self.ask(self.leader(partition), request).partitions[0].offset

    def markers(self, partition):
        """(producer epoch, COMMIT or ABORT) of each marker in the leader's log."""
        found = []
        for batch in self.log(partition).batches():
            if batch.is_control:
                found.append((batch.producer_epoch, "COMMIT" if end_marker(batch).commit else "ABORT"))
        return found


def visible(result, committed):
    """What a reader shows: it drops markers, and (read_committed) what was aborted."""
    aborted = sorted(result.aborted_transactions or (), key=lambda one: one[1])
    dropping, values = set(), []
    for batch in split_batches(result.records):
        while committed and aborted and aborted[0][1] <= batch.last_offset:
            dropping.add(aborted.pop(0)[0])
        if batch.is_control:
            dropping.discard(batch.producer_id)
        elif not (committed and batch.is_transactional and batch.producer_id in dropping):
            values += [record.value for record in batch.records()]
    return values
