"""When nobody answers, clients wait between two tries."""

from __future__ import annotations

from minikafka.sim.schedule import Setup, carry_out, go_on_until, schedule, start


def test_clients_of_a_cluster_that_is_down_wait_between_two_tries():
    run = start(Setup())
    lines = ((0, "read"), (0, "send", "x"), (100, "crash", 1), (100, "crash", 2), (100, "crash", 3))
    for entry in schedule(*lines):
        carry_out(run, entry)
    before = run.sim.recorder.step
    go_on_until(run, run.sim.now + 10_000)
    assert run.sim.recorder.step - before < 3_000, "a few tries a second, of two clients and a controller"
