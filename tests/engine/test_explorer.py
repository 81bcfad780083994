"""The explorer draws the same schedules twice, finds what is wrong, leaves alone what is right, and shrinks well."""

from __future__ import annotations

import subprocess
from concurrent.futures import ProcessPoolExecutor
from random import Random

import pytest

from minikafka.client.sender import Sender
from minikafka.client.sequences import Sequences
from minikafka.config import ServerConfig, read_settings
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.scenarios import all_scenarios
from minikafka.sim import checkers, drawing, explorer, faults, mutants, profiles
from minikafka.sim.checkers import BY_NAME, FULL, IN_ORDER
from minikafka.sim.checkers.promise import Promise
from minikafka.sim.drawing import random_schedule
from minikafka.sim.explorer import tell
from minikafka.sim.schedule import LOOK_AGAIN_MS, SETTLE_MS, Setup, schedule
from minikafka.sim.shrinking import shrink

REPLICATION = profiles.profile("replication")


def seed_of_this_commit(root) -> int:
    """Another corner of the space with each commit; the same one for everybody who looks at that commit."""
    done = subprocess.run(
        ["git", "rev-parse", "--short=7", "HEAD"], capture_output=True, text=True, check=False, cwd=root
    )
    return int(done.stdout.strip() or "0", 16) if done.returncode == 0 else 0


# --- The engine as it is ---


SHARES = {"replication": 600, "quorum": 400, "transactions": 300, "groups": 250, "administration": 250, "full": 200}
"""2,000 schedules, more of those that are short; all above `ENOUGH`, so that an empty premise is seen."""


@pytest.mark.parametrize("name", SHARES)
def test_the_engine_breaks_no_promise_and_every_promise_had_something_to_judge(root, name):
    seed, profile, schedules = seed_of_this_commit(root), profiles.profile(name), SHARES[name]
    print(f"seed {seed}")
    found = explorer.explore(profile, schedules, seed)
    assert found.violation is None, f"seed {seed}, schedule {found.failing}: {found.violation}"
    assert found.never_judged == []
    assert found.schedules == schedules
    assert found.faults.total() > found.schedules, "on average more than one fault in each"
    assert found.events > 300 * found.schedules, "a schedule is a few hundred events at least"


@pytest.mark.parametrize(
    ("name", "seed", "number"),
    [
        ("replication", 2026, 865), ("administration", 2026, 422), ("groups", 2026, 658), ("transactions", 2026, 915),
        ("transactions", 2026, 1312), ("full", 2026, 331), ("full", 2026, 118), ("full", 2026, 349),
        ("full", 2026, 384), ("full", 2026, 1277), ("groups", 2026, 1434), ("administration", 2026, 1511),
        ("administration", 234_123_682, 80), ("administration", 10_790_628, 66),
        ("transactions", 88_680_134, 156),
    ],
)  # fmt: skip
def test_schedules_in_which_a_promise_was_said_to_be_broken_stay_quiet(name, seed, number):
    """Found with these seeds: four faults of the engine and its network, others of checkers."""
    profile = profiles.profile(name)
    run, _ = explorer.play_number(profile, seed, number, checkers.fresh(profile.checkers))
    assert run.violation is None


def test_every_checker_is_on_the_list_of_a_profile_or_shown_where_its_cure_is_switched_off():
    assert {kind for profile in profiles.PROFILES for kind in profile.checkers} == set(FULL)
    shown = {breaks for one in all_scenarios() for breaks in (one.breaks, *(other.breaks for other in one.branches))}
    assert {kind.promise for kind in BY_NAME} <= shown
    assert set(Promise.__subclasses__()) <= {*FULL, *BY_NAME}


def test_there_are_at_most_six_profiles_and_each_can_be_set_up():
    assert len(profiles.PROFILES) <= 6
    assert sorted(SHARES) == sorted(profiles.names())
    for profile in profiles.PROFILES:
        for setup in profile.setups:
            read_settings(ServerConfig, dict(setup.settings), "broker")


# --- Drawing ---


def test_what_is_drawn_is_what_was_asked_for():
    for seed in range(200):
        lines = random_schedule(Random(f"x/{seed}"), Setup(), 5, 4)
        assert sum(entry.verb == "send" for entry in lines) == 5
        assert sum(entry.verb in faults.FAULTS for entry in lines) == 4
        assert list(lines) == sorted(lines, key=lambda entry: entry.at_ms)
        assert len({entry.arguments for entry in lines if entry.verb in drawing.LOSSY}) <= 1, "min.insync.replicas - 1"


def test_no_power_is_lost_where_none_may_be():
    drawn = [random_schedule(Random(seed), Setup(min_isr=1), 2, 8, REPLICATION.swarm) for seed in range(100)]
    assert not any(entry.verb in drawing.LOSSY for lines in drawn for entry in lines)


@pytest.mark.parametrize("kind", (*REPLICATION.swarm.kinds, "slow_disk"))
def test_every_fault_has_what_mends_it_behind_it(kind):
    mended_by = {
        "crash": "restart", "power_loss": "restart", "shut_down": "restart", "pause": "resume", "cut": "heal",
        "slow": "heal", "delay": "heal", "fill_disk": "free_disk", "slow_disk": "fast_disk", "lie": "stop_lying",
        "tear": "restart", "flip": "restart",
    }  # fmt: skip
    swarm = drawing.Swarm(kinds=(kind,))
    for seed in range(20):
        lines = random_schedule(Random(seed), Setup(), 0, 3, swarm)
        for number, entry in enumerate(lines):
            mend = mended_by.get(entry.verb)
            assert mend is None or any(later.verb == mend for later in lines[number + 1 :]), tell(lines)


def test_kinds_of_messages_that_may_be_late_exist():
    from minikafka.protocol import controller_messages, messages

    homes = (messages, controller_messages)
    assert [name for name in drawing.DELAYED if not any(hasattr(home, name) for home in homes)] == []


# --- Exploring ---


def test_the_same_seed_is_the_same_exploration():
    replaced = mutants.mutant("elect_the_same").replaces
    one, other = (explorer.explore(REPLICATION, 20, 5, replaced=replaced) for _ in range(2))
    assert one == other
    assert one.violation is not None
    setup, lines, run = explorer.replay(one, replaced)
    assert (run.violation, lines) == (one.violation, REPLICATION.draw(5, one.failing)[1])
    assert setup.seed == REPLICATION.draw(5, one.failing)[0].seed


@pytest.mark.parametrize("name", [None, "elect_the_same"])
def test_a_pool_of_processes_finds_what_one_process_finds(name):
    replaced = mutants.mutant(name).replaces if name else {}
    alone = explorer.explore(REPLICATION, 45, 5, replaced=replaced)
    with ProcessPoolExecutor(2) as pool:
        assert explorer.explore(REPLICATION, 45, 5, replaced=replaced, executor=pool) == alone


def test_a_checker_without_anything_to_judge_fails_the_exploration():
    found = explorer.Exploration(REPLICATION, 0, schedules=explorer.ENOUGH - 1)
    assert found.never_judged == []
    found.schedules += 1
    assert len(found.never_judged) == len(IN_ORDER)
    found.premises["I1 durability"] = 1
    assert "I1 durability" not in found.never_judged


def test_an_assertion_of_a_node_is_a_violation_with_a_trace():
    def breaks(*_):
        raise AssertionError("this cannot be")

    found = explorer.explore(REPLICATION, 3, 0, replaced={"minikafka.controller.election:elect_leader": breaks})
    assert (found.failing, found.violation.promise) == (0, explorer.ASSERTED)
    assert "this cannot be" in found.violation.sentence


OVERTAKEN = (
    Setup(settings=profiles.STACK, partitions=2, seed=645_544_592),
    schedule(
        (0, "crash", 2), (0, "send", "v1", {"idempotent": True, "to": 2}), (289, "crash", 3),
        (289, "send", "v6", {"idempotent": True, "to": 2, "partition": 1}),
        (289, "send", "v8", {"idempotent": True, "to": 2, "partition": 0}),
        (289, "send", "v11", {"idempotent": True, "to": 2, "partition": 1}),
    ),
)  # fmt: skip
"""v6 is refused while orders-1 is short of replicas; v11, the next number, is stored before it is sent again."""


def play_transactions(setup, lines):
    return explorer.play_quickly(setup, lines, checkers.fresh(profiles.profile("transactions").checkers))


@pytest.fixture
def broker_1_leads_all(monkeypatch):
    monkeypatch.setattr(Setup, "assignment", property(lambda setup: (setup.replicas,) * setup.partitions))


def test_an_overtaken_batch_waits_for_its_own_delivery_timeout_and_no_longer(broker_1_leads_all):
    run = play_transactions(*OVERTAKEN)
    assert run.violation is None
    waited_ms = run.sim.now - run.started_ms - OVERTAKEN[1][-1].at_ms
    told = [one.fact for one in run.sim.recorder.told]
    assert any(getattr(fact, "error", None) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER for fact in told)
    assert 120_000 <= waited_ms <= 120_000 + 2 * LOOK_AGAIN_MS


def test_an_overtaken_batch_that_is_never_given_up_is_reported(broker_1_leads_all, monkeypatch):
    monkeypatch.setattr(Sender, "give_up_the_late", lambda *_: [])
    monkeypatch.setattr(Sender, "_may_retry", lambda *_: True)
    assert play_transactions(*OVERTAKEN).violation.sentence.endswith("producer-A still waits for 1 answers.")


def test_a_producer_that_waits_for_any_other_reason_is_reported_after_a_minute(monkeypatch):
    monkeypatch.setattr(Sequences, "may_send", lambda *_: False)
    run = play_transactions(Setup(settings=profiles.STACK), schedule((0, "send", "v1", {"idempotent": True})))
    assert run.violation.sentence == "After everything was mended, producer-A still waits for 1 answers."
    assert run.sim.now - run.started_ms <= SETTLE_MS + LOOK_AGAIN_MS


def test_who_was_expelled_asleep_may_still_take_what_it_was_given_before():
    lines = schedule(
        (0, "crash", 1), (0, "restart", 1), (1_000, "join", "K1", {"protocol": "consumer"}), (2_557, "crash", 3),
        (3_111, "pause", "consumer-K1"), (3_111, "join", "K2", {"protocol": "consumer"}),
        (13_111, "resume", "consumer-K1"),
    )  # fmt: skip
    setup = Setup(settings=profiles.STACK, partitions=3, seed=164_336_581)
    run = explorer.play_quickly(setup, lines, checkers.fresh(profiles.profile("groups").checkers))
    assert run.violation is None
    told = [one for one in run.sim.recorder.told if one.node == "consumer-K1"]
    expelled = next(one.step for one in run.sim.recorder.told if isinstance(one.fact, facts.MemberRemoved))
    taken = next(one for one in told if isinstance(one.fact, facts.PartitionsAssigned))
    assert taken.step > expelled
    assert any(isinstance(one.fact, facts.PartitionsLost) and one.step > taken.step for one in told), "then it hears"


# --- Shrinking ---


def needs(*values):
    """Fails exactly with all of these sends."""
    return lambda lines: set(values) <= {entry.arguments[0] for entry in lines if entry.verb == "send"}


def test_shrinking_keeps_what_is_needed_and_nothing_else():
    lines = schedule(*((number * 777, "send", f"v{number}") for number in range(40)))
    small = shrink(lines, needs("v3", "v17", "v39"))
    assert [str(entry) for entry in small] == ["send('v3')", "send('v17')", "send('v39')"]
    assert [entry.at_ms for entry in small] == [0, 0, 0]


def test_a_wait_that_matters_becomes_a_round_one():
    lines = schedule((1_234, "crash", 1), (48_321, "send", "x"))
    small = shrink(lines, lambda candidate: len(candidate) == 2 and candidate[1].at_ms - candidate[0].at_ms > 9_000)
    assert [entry.at_ms for entry in small] == [0, 10_000]


def test_the_limit_holds_and_something_failing_is_returned():
    asked = []

    def still_fails(lines):
        asked.append(lines)
        return needs("v3", "v17", "v39")(lines)

    lines = schedule(*((number, "send", f"v{number}") for number in range(40)))
    small = shrink(lines, still_fails, limit=7)
    assert len(asked) == 7
    assert needs("v3", "v17", "v39")(small)


@pytest.mark.parametrize("name", ["elect_any_live", "join_at_once", "elect_the_same"])
def test_a_found_fault_shrinks_to_a_minimal_story(name):
    replaced = mutants.mutant(name).replaces
    found = explorer.explore(REPLICATION, 200, 2026, replaced=replaced)
    assert found.violation is not None
    small, run = explorer.shortest(found, replaced)
    assert (run.violation.promise, run.violation.name) == (found.violation.promise, found.violation.name)
    assert len(small) <= 15
    assert run.trace().story(), "its trace is there to be looked at"
