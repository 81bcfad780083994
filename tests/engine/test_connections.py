"""Connections of the simulation break as TCP's do: what is written into a dead one is lost, until that is noticed."""

from __future__ import annotations

from random import Random

import pytest

from minikafka.protocol import facts
from minikafka.protocol.messages import Envelope, MetadataRequest, MetadataResponse
from minikafka.protocol.records import split_batches
from minikafka.sim.network import Message, Network
from minikafka.sim.schedule import Setup, play, schedule
from minikafka.trace.trace import Sent

REQUEST = Envelope("A", "broker-1", MetadataRequest(()), 1)


@pytest.fixture
def network():
    """With one request under way from A to broker-1."""
    made = Network(Random(0), lambda at, message: None, (1, 1))
    made.send(Message(0, REQUEST, made.connection_for(REQUEST), 0, Sent(REQUEST, 0)), 0)
    return made


def test_a_client_writes_into_the_dead_connection_until_it_notices(network):
    lost, peers = network.close("broker-1")
    assert ([message.number for message in lost], peers) == ([0], ["A"])
    assert network.connection_for(REQUEST) is None
    network.noticed("A", "broker-2")
    assert network.connection_for(REQUEST) is None, "it has heard of another one"
    network.noticed("A", "broker-1")
    assert network.connection_for(REQUEST).open


def test_a_connection_of_another_name_is_another_one(network):
    network.close("A", "broker-1")
    assert network.connection_for(REQUEST._replace(channel="second")).open
    assert network.connection_for(REQUEST) is None


def test_a_process_that_begins_anew_has_no_dead_connections(network):
    network.close("A")
    network.noticed("A")
    assert network.connection_for(REQUEST).open


def test_an_answer_goes_back_by_the_connection_by_which_its_request_has_come(network):
    """A server that starts again numbers its requests anew: what the dead one asked is not answered to the new one."""
    old = Message(1, REQUEST, network.connection_for(REQUEST), 0, Sent(REQUEST, 0)).as_it_comes()
    network.close("A")
    network.noticed("A")
    new = Message(2, REQUEST, network.connection_for(REQUEST), 0, Sent(REQUEST, 0)).as_it_comes()
    assert network.connection_for(old.reply(MetadataResponse((), ()))) is None
    assert network.connection_for(new.reply(MetadataResponse((), ()))) is network.connection_for(REQUEST)


def test_behind_a_cut_nobody_is_told_so_nothing_waits_for_it(network):
    network.cuts.add(("A", "broker-1"))
    network.close("broker-1")
    assert network.connection_for(REQUEST).open


def records_of(appended):
    """What was appended."""
    return [record for batch in split_batches(appended.batches) for record in batch.records()]


def test_what_a_process_sends_before_it_knows_does_not_overtake_what_was_lost():
    """Its connection broke while it stood still: without this rule b, c would arrive by one it has not opened."""
    lines = schedule(
        (0, "send", "a", {"idempotent": True}), (1_000, "pause", "producer-A"), (1_100, "disconnect", 1, "producer-A"),
        (1_200, "send", "b"), (1_300, "send", "c"), (3_000, "resume", "producer-A"),
    )  # fmt: skip
    run = play(Setup(), lines, settle=False)
    run.sim.run_for(5_000)
    appended = [told for told in run.sim.recorder.told if isinstance(told.fact, facts.RecordsAppended)]
    by_leader = [told for told in appended if told.fact.as_leader and told.fact.partition.topic == "orders"]
    times = [run.sim.recorder.steps[told.step - 1].at_ms - run.started_ms for told in by_leader]
    assert [record.value for told in by_leader for record in records_of(told.fact)] == [b"a", b"b", b"c"]
    assert times[0] < 1_000 and times[1] >= 3_000
