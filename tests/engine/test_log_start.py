"""Where a log starts, in a running cluster: DeleteRecords, retention, and followers that follow."""

from __future__ import annotations

from minikafka.client.admin import AdminNode
from minikafka.config import AdminConfig
from minikafka.protocol import facts
from minikafka.protocol.admin_messages import DeleteRecordsRequest
from minikafka.protocol.errors import ErrorCode
from minikafka.sim import faults
from minikafka.sim.schedule import Run, Setup, start
from minikafka.sim.workload import send
from minikafka.types import TopicPartition

ORDERS = TopicPartition("orders", 0)
SMALL = (("log.segment.bytes", "140"),)


def cluster(*settings: tuple[str, str], records: int = 6) -> Run:
    """Three brokers, broker 1 leads; two records to a segment."""
    run = start(Setup(settings=(*SMALL, *settings)))
    for number in range(records):
        send(run, str(number))
        run.sim.run_for(100)
    run.sim.run_for(1_000)
    return run


def starts(run: Run) -> list[int]:
    return [broker.replicas.partitions[ORDERS].log.log_start_offset for broker in run.sim.running_brokers()]


def delete(run: Run, offset: int, timeout_ms: int = 5_000):
    """((error, low watermark), how long the answer took) of a DeleteRecords that broker 1 is sent."""
    admin = AdminNode(f"admin-{run.sim.now}", AdminConfig(), ("broker-1",))
    run.sim.add_client(admin)
    began, request = run.sim.now, DeleteRecordsRequest(((ORDERS, offset),), timeout_ms)
    run.sim.call(admin.id, "delete records", lambda: admin.ask(request, run.sim.now)[1])
    assert run.sim.run_until(lambda: bool(admin.answers), 10_000)
    (answer,) = admin.answers.values()
    return answer.partitions[0][1:], run.sim.now - began


def test_delete_records_answers_when_every_live_replica_starts_there():
    run = cluster()
    (error, low), took_ms = delete(run, 3)
    assert (error, low, starts(run)) == (ErrorCode.NONE, 3, [3, 3, 3])
    assert took_ms > 0, "followers had to hear of it"
    reasons = [one.fact.reason for one in run.sim.recorder.told if type(one.fact) is facts.LogStartMoved]
    assert reasons == ["DeleteRecords", "leader", "leader"]


def test_delete_records_times_out_while_a_live_follower_has_not_followed():
    run = cluster()
    faults.strike(run.sim, "pause", 2)
    (error, low), took_ms = delete(run, 3, timeout_ms=2_000)
    assert (error, low, took_ms // 1_000) == (ErrorCode.REQUEST_TIMED_OUT, -1, 2)
    faults.strike(run.sim, "resume", 2)
    run.sim.run_for(3_000)
    assert starts(run) == [3, 3, 3], "it happens all the same"


def test_minus_one_means_everything_that_is_committed_and_more_is_out_of_range():
    run = cluster()
    assert delete(run, 7)[0] == (ErrorCode.OFFSET_OUT_OF_RANGE, -1)
    assert delete(run, -2)[0] == (ErrorCode.OFFSET_OUT_OF_RANGE, -1)
    assert delete(run, -1)[0] == (ErrorCode.NONE, 6)


def test_where_a_log_starts_survives_a_crash():
    run = cluster()
    delete(run, 3)
    run.sim.run_for(6_000)
    faults.strike(run.sim, "crash", 2)
    faults.strike(run.sim, "restart", 2)
    run.sim.run_for(20_000)
    found = [one.fact for one in run.sim.recorder.told if type(one.fact) is facts.LogRecovered]
    assert [fact.log_start_offset for fact in found if fact.partition == ORDERS] == [3], "noted, not heard again"


def test_retention_takes_old_segments_on_every_replica_and_files_go_a_minute_later():
    run = cluster(("log.retention.ms", "60000"), ("log.retention.check.interval.ms", "30000"))
    run.sim.run_for(91_000)
    assert starts(run) == [6, 6, 6]
    disk = run.sim.machines["broker-2"].disk
    assert any(path.endswith(".log.deleted") for path in disk.paths("orders-0"))
    run.sim.run_for(61_000)
    assert not any(path.endswith(".deleted") for path in disk.paths("orders-0"))
    send(run, "after")
    run.sim.run_for(2_000)
    ends = [broker.replicas.partitions[ORDERS].log.log_end_offset for broker in run.sim.running_brokers()]
    assert ends == [7, 7, 7]


def test_a_follower_that_ends_below_its_leaders_start_begins_again_there():
    run = cluster(records=2)
    faults.strike(run.sim, "crash", 3)
    run.sim.run_for(20_000)
    for number in range(4):
        send(run, f"late-{number}")
        run.sim.run_for(100)
    run.sim.run_for(2_000)
    assert delete(run, 5)[0] == (ErrorCode.NONE, 5), "a replica that is not alive is not waited for"
    faults.strike(run.sim, "restart", 3)
    run.sim.run_for(30_000)
    logs = [broker.replicas.partitions[ORDERS].log for broker in run.sim.running_brokers()]
    assert starts(run) == [5, 5, 5]
    assert [log.log_end_offset for log in logs] == [6, 6, 6]
    assert run.sim.running_brokers()[0].replicas.partitions[ORDERS].isr == {1, 2, 3}
