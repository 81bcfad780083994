"""Groups in a running cluster: coordinators that die, members that are slow, and offsets that survive both."""

from __future__ import annotations

import pytest
from group_desk import TEA, assignment, tea

from minikafka.config import ServerConfig
from minikafka.effects import Send
from minikafka.protocol import facts
from minikafka.protocol.admin_messages import CreateTopicsRequest, NewTopicSpec
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    ConsumerGroupHeartbeatRequest,
    FindCoordinatorRequest,
    HeartbeatRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    LeavingMember,
    ListGroupsRequest,
    OffsetCommitRequest,
    OffsetCommitResponse,
    OffsetFetchGroup,
    OffsetFetchRequest,
    OffsetToCommit,
    SyncGroupRequest,
)
from minikafka.protocol.messages import Envelope, Request, Response
from minikafka.protocol.transaction_messages import (
    EndTxnRequest,
    InitProducerIdRequest,
    TxnOffsetCommitRequest,
    TxnOffsetCommitResponse,
)
from minikafka.sim.simulation import Simulation
from minikafka.types import CONSUMER_OFFSETS_TOPIC, TopicPartition, broker_node

MEMORY = TopicPartition(CONSUMER_OFFSETS_TOPIC, 0)
RETRIABLE = {ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE}
NONE = ErrorCode.NONE


class Caller:
    """A client that asks what it is told to ask and remembers the answers."""

    def __init__(self, name: str) -> None:
        self.id = name
        self.answers: dict[int, Response] = {}
        self.asked = 0

    def start(self, now):
        return []

    def handle(self, envelope, now):
        self.answers[envelope.correlation_id] = envelope.message
        return []

    def disconnected(self, peer, now):
        return []

    def fire(self, timer, now):
        return []

    def ask(self, broker: int, request: Request):
        self.asked += 1
        return [Send(Envelope(self.id, broker_node(broker), request, self.asked, f"data-{self.asked}"))]


class Town:
    """Three brokers, a topic with two partitions, and callers."""

    def __init__(self, *names: str, seed: int = 1) -> None:
        config = ServerConfig(
            offsets_topic_num_partitions=1, transaction_state_log_num_partitions=1, group_initial_rebalance_delay_ms=100
        )
        self.sim = Simulation(seed, brokers=3, config=config)
        self.sim.run_until(self.sim.all_brokers_active, 12_000)
        self.callers = {name: Caller(name) for name in names}
        for caller in self.callers.values():
            self.sim.add_client(caller)
        self.call(names[0], 1, CreateTopicsRequest((NewTopicSpec("tea", 2, 3),)))
        self.coordinator = self.find(names[0])

    def send(self, name: str, broker: int, request: Request) -> int:
        caller = self.callers[name]
        self.sim.call(name, type(request).__name__, lambda: caller.ask(broker, request))
        return caller.asked

    def answer(self, name: str, number: int):
        answers = self.callers[name].answers
        assert self.sim.run_until(lambda: number in answers, 90_000), f"{name} waits for ever"
        return answers[number]

    def call(self, name: str, broker: int, request: Request):
        return self.answer(name, self.send(name, broker, request))

    def find(self, name: str, key_type: int = 0) -> int:
        """Ask any running broker until there is a coordinator."""
        for _ in range(200):
            broker = self.sim.running_brokers()[0].broker_id
            found = self.call(name, broker, FindCoordinatorRequest(key_type, ("g",))).coordinators[0]
            if found.error == NONE and self.sim.process(broker_node(found.broker_id)) is not None:
                return found.broker_id
            self.sim.run_for(100)
        raise AssertionError("nobody coordinates")

    def ask(self, name: str, request: Request):
        """Ask the coordinator, until it is there and has loaded."""
        for _ in range(200):
            answer = self.call(name, self.coordinator, request)
            if error_of(answer) not in RETRIABLE:
                return answer
            self.sim.run_for(100)
            self.coordinator = self.find(name)
        raise AssertionError("the coordinator never comes")

    def told(self, kind):
        return [one.fact for one in self.sim.recorder.told if isinstance(one.fact, kind)]

    # --- what members do ---

    def group(self, *names: str, instance=None) -> dict[str, str]:
        """A Stable group: member id of each; the n-th owns tea-n."""
        joins, ids = {}, {}
        for name in names:
            ids[name] = self.ask(name, join(instance=instance)).member_id if instance is None else ""
            joins[name] = self.send(name, self.coordinator, join(ids[name], instance))
        answers = {name: self.answer(name, number) for name, number in joins.items()}
        ids = {name: answer.member_id for name, answer in answers.items()}
        leader = next(name for name in names if answers[name].leader == ids[name])
        generation = answers[leader].generation
        parts = tuple((ids[name], assignment(number)) for number, name in enumerate(names))
        followers = [name for name in names if name != leader]
        waits = {name: self.send(name, self.coordinator, sync(ids[name], generation)) for name in followers}
        assert self.ask(leader, sync(ids[leader], generation, parts)).error == NONE
        for name, number in waits.items():
            assert self.answer(name, number).error == NONE
        return ids

    def beat(self, name: str, member: str, generation: int = 1) -> ErrorCode:
        return self.ask(name, HeartbeatRequest("g", generation, member)).error

    def commit(self, name: str, offset: int, member: str, generation: int = 1) -> ErrorCode:
        offsets = (OffsetToCommit(tea(0), offset),)
        return self.ask(name, OffsetCommitRequest("g", generation, member, offsets)).partitions[0][1]

    def fetch(self, name: str, require_stable: bool = False):
        asked = OffsetFetchGroup("g", (tea(0),))
        return self.ask(name, OffsetFetchRequest((asked,), require_stable)).groups[0].offsets[0]

    def committed(self, name: str) -> int:
        return self.fetch(name).offset


def error_of(answer) -> ErrorCode:
    if isinstance(answer, OffsetCommitResponse | TxnOffsetCommitResponse):
        return answer.partitions[0][1]
    return answer.error if hasattr(answer, "error") else answer.groups[0].error


def join(member: str = "", instance=None, protocols=(("range", TEA),)) -> JoinGroupRequest:
    return JoinGroupRequest("g", 10_000, 20_000, member, instance, protocols=protocols, client_id="client")


def sync(member: str, generation: int, parts=()) -> SyncGroupRequest:
    return SyncGroupRequest("g", generation, member, None, "consumer", "range", parts)


def beat_848(member: str, epoch: int, owned=None, **more) -> ConsumerGroupHeartbeatRequest:
    return ConsumerGroupHeartbeatRequest("g", member, epoch, owned=owned, **more)


def come_848(member: str) -> ConsumerGroupHeartbeatRequest:
    return beat_848(member, 0, (), rebalance_timeout_ms=30_000, subscribed_topics=("tea",))


def test_two_members_share_a_topic():
    town = Town("A", "B")
    ids = town.group("A", "B")
    assert town.beat("A", ids["A"]) == town.beat("B", ids["B"]) == NONE
    given = {one.member: one.partitions for one in town.told(facts.AssignmentGiven)}
    assert given == {ids["A"]: (tea(0),), ids["B"]: (tea(1),)}
    assert [one.group for one in town.ask("A", ListGroupsRequest()).groups] == ["g"]


def test_a_member_that_leaves_makes_the_others_join_again():
    town = Town("A", "B")
    ids = town.group("A", "B")
    town.ask("B", LeaveGroupRequest("g", (LeavingMember(ids["B"]),)))
    assert town.beat("A", ids["A"]) == ErrorCode.REBALANCE_IN_PROGRESS
    again = town.ask("A", join(ids["A"]))
    assert (again.generation, len(again.members)) == (2, 1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_offsets_and_generation_survive_their_coordinator(seed):
    town = Town("A", "B", seed=seed)
    ids = town.group("A", "B")
    assert town.commit("A", 7, ids["A"]) == NONE
    first = town.coordinator
    town.sim.crash(broker_node(first))
    town.sim.run_for(500)
    town.coordinator = town.find("A")
    assert town.committed("A") == 7
    assert town.coordinator != first
    assert town.beat("A", ids["A"]) == town.beat("B", ids["B"]) == NONE
    assert town.commit("B", 8, ids["B"]) == NONE
    assert town.commit("B", 9, ids["B"], generation=0) == ErrorCode.ILLEGAL_GENERATION
    loaded = town.told(facts.CoordinatorLoaded)
    assert [one.partition for one in loaded] == [MEMORY, MEMORY]
    assert loaded[0].leader_epoch < loaded[1].leader_epoch


def test_all_brokers_die_and_the_offsets_do_not():
    town = Town("A")
    ids = town.group("A")
    town.commit("A", 7, ids["A"])
    town.sim.run_for(40_000)
    for broker in (1, 2, 3):
        town.sim.crash(broker_node(broker))
    for broker in (1, 2, 3):
        town.sim.restart(broker_node(broker))
    town.sim.run_for(15_000)
    town.coordinator = town.find("A")
    assert town.committed("A") == 7


def test_a_commit_is_refused_after_the_member_was_taken_out():
    town = Town("A", "B")
    ids = town.group("A", "B")
    town.sim.run_for(5_000)
    town.beat("B", ids["B"])
    town.sim.run_for(6_000)
    assert town.beat("B", ids["B"]) == ErrorCode.REBALANCE_IN_PROGRESS, "A was silent for 10 s"
    again = town.ask("B", join(ids["B"]))
    town.ask("B", sync(ids["B"], again.generation, ((ids["B"], assignment(0, 1)),)))
    assert town.commit("B", 20, ids["B"], again.generation) == NONE
    assert town.commit("A", 10, ids["A"]) == ErrorCode.UNKNOWN_MEMBER_ID
    assert town.committed("B") == 20
    refused = town.told(facts.CommitRefused)
    assert [(one.member, one.generation) for one in refused] == [(ids["A"], 1)]


def test_a_static_restart_is_no_rebalance():
    town = Town("A")
    old = town.group("A", instance="i")["A"]
    answer = town.ask("A", join("", "i"))
    assert (answer.error, answer.generation, answer.member_id != old) == (NONE, 1, True)
    assert town.ask("A", sync(answer.member_id, 1)).assignment == assignment(0)
    fenced = town.ask("A", HeartbeatRequest("g", 1, old, "i"))
    assert fenced.error == ErrorCode.FENCED_INSTANCE_ID
    states = [one.state for one in town.told(facts.GroupChanged)]
    assert states == ["PreparingRebalance", "CompletingRebalance", "Stable"]


def test_a_join_that_waits_is_called_off_when_the_coordinator_loses_its_partition():
    town = Town("A", "B")
    town.group("A")
    newcomer = town.ask("B", join()).member_id
    waits = town.send("B", town.coordinator, join(newcomer))
    town.sim.run_for(100)
    town.sim.cut(broker_node(town.coordinator), ["controller-1"])
    town.sim.run_for(9_000)
    town.sim.heal()
    assert town.answer("B", waits).error in (ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE)


@pytest.mark.parametrize("kill", [False, True])
def test_a_partition_of_a_kip_848_group_never_has_two_owners(kill):
    town = Town("A", "B")
    epochs = {"A": 0, "B": 0}
    owns: dict[str, set[TopicPartition]] = {"A": set(), "B": set()}

    def turn(name: str) -> None:
        request = beat_848(name, epochs[name], tuple(sorted(owns[name]))) if epochs[name] else come_848(name)
        answer = town.ask(name, request)
        assert answer.error == NONE
        epochs[name] = answer.member_epoch
        owns[name] = owns[name] if answer.assignment is None else set(answer.assignment)
        assert not owns["A"] & owns["B"], "two owners"

    turn("A")
    assert owns["A"] == {tea(0), tea(1)}
    town.sim.run_for(1_500)
    turn("B")
    assert owns["B"] == set()
    for number in range(6):
        if kill and number == 1:
            town.sim.crash(broker_node(town.coordinator))
            town.sim.run_for(500)
            town.coordinator = town.find("A")
        turn("A")
        turn("B")
    assert len(owns["A"]) == len(owns["B"]) == 1
    assert town.told(facts.GroupChanged)[-1].state == "Stable"


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("kill", [False, True])
def test_offsets_in_a_transaction_wait_for_its_end(commit, kill):
    town = Town("A")
    member = town.group("A")["A"]
    town.commit("A", 3, member)
    transactions = town.find("A", key_type=1)
    town.sim.run_for(500)
    producer = town.call("A", transactions, InitProducerIdRequest("t"))
    if producer.error != NONE:
        town.sim.run_for(500)
        producer = town.call("A", transactions, InitProducerIdRequest("t"))
    who = (producer.producer_id, producer.producer_epoch)
    offsets = (OffsetToCommit(tea(0), 7),)
    pending = town.ask("A", TxnOffsetCommitRequest("t", "g", *who, offsets, 1, member))
    assert pending.partitions[0][1] == NONE
    stale = town.ask("A", TxnOffsetCommitRequest("t", "g", *who, offsets, 0, member))
    assert stale.partitions[0][1] == ErrorCode.ILLEGAL_GENERATION
    if kill:
        town.sim.crash(broker_node(town.coordinator))
        town.sim.run_for(2_000)
        town.coordinator, transactions = town.find("A"), town.find("A", key_type=1)
        town.sim.run_for(500)
    assert town.committed("A") == 3
    assert town.fetch("A", require_stable=True).error == ErrorCode.UNSTABLE_OFFSET_COMMIT
    assert town.call("A", transactions, EndTxnRequest("t", *who, commit)).error == NONE
    town.sim.run_for(3_000)
    assert town.fetch("A", require_stable=True).offset == (7 if commit else 3)
    late = town.ask("A", TxnOffsetCommitRequest("t", "g", *who, (OffsetToCommit(tea(0), 9),), 1, member))
    assert late.partitions[0][1] == ErrorCode.INVALID_PRODUCER_EPOCH, "the epoch has moved on (KIP-890)"
