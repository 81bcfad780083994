"""A cluster in the middle of a run can be copied; the copy goes on as the original does."""

from __future__ import annotations

import pickle

import pytest

from minikafka.sim.schedule import Setup, go_on_until, start
from minikafka.sim.workload import send


def test_a_clone_goes_on_as_the_original_does():
    run = start(Setup())
    send(run, "x")
    go_on_until(run, run.sim.now + 2)
    clone = pickle.loads(pickle.dumps(run))
    for one in (run, clone):
        one.sim.crash("broker-1")
        go_on_until(one, one.sim.now + 20_000)
    assert run.trace().digest() == clone.trace().digest()


def test_a_run_can_forget_what_it_recorded_and_goes_on_counting():
    run, other = start(Setup()), start(Setup())
    run.sim.recorder.forget()
    for one in (run, other):
        go_on_until(one, one.sim.now + 5_000)
    assert (run.sim.recorder.step, run.sim.recorder.messages) == (other.sim.recorder.step, other.sim.recorder.messages)
    with pytest.raises(AssertionError, match="play it again for its trace"):
        run.trace()
