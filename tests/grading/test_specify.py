"""Kind S: a checker that accepts or rejects too much fails at the cluster that shows it; so do hostile ones."""

from __future__ import annotations

from dataclasses import replace

import pytest
from grading_kit import lint

from minikafka.controller.election import Election
from minikafka.grading.exercise import Exercise
from minikafka.grading.grader import verdict_on
from minikafka.grading.specify import AGAIN, Judged, Misjudging, Moment, Onlooker, Specify, of_schedule
from minikafka.protocol import facts
from minikafka.sim.checkers.ledger import replica_of
from minikafka.sim.schedule import schedule


def any_live(replicas, current, isr, elr, last_known, live, unclean_allowed):
    """The planted fault: whoever lives may lead."""
    wanted = current if current in live else next((broker for broker in replicas if broker in live), None)
    return Election(wanted, False)


PLANTED = {"minikafka.controller.election:elect_leader": any_live}
LOSES_X = schedule((0, "cut", 3, "brokers"), (20_000, "send", "x"), (47_000, "crash", 2), (48_000, "crash", 1))


def history(run):
    told = [one.fact for one in run.sim.recorder.told if isinstance(one.fact, facts.ProduceAcknowledged)]
    said = tuple(value.decode() for fact in told for value in fact.values)
    replicas = [replica_of(run.sim, broker, run.setup.partition) for broker in run.sim.broker_ids]
    leader = next(one for one in replicas if one.is_leader)
    return said, tuple(record.value.decode() for batch in leader.log.batches() for record in batch.records())


class AtTheEnd(Onlooker):
    def __init__(self, keeps):
        self.keeps = keeps

    def moments(self, run):
        return (Moment(max(run.sim.recorder.step, 1), history(run), self.keeps, "This is the end."),)


def cluster(name, keeps, lines, planted=None):
    record = of_schedule(lines, lambda setup: AtTheEnd(keeps), planted=planted)
    return Judged(name, f"We played {name}.", record, keeps, f"Look at what {name} did.")


CLUSTERS = (
    cluster("a quiet one", True, schedule((0, "send", "x"))),
    cluster("one that lost nothing", True, LOSES_X),
    cluster("one that elects anybody", False, LOSES_X, PLANTED),
)
KIND = Specify(
    order=1,
    function="all_kept",
    promise="What was acknowledged is kept.",
    clusters=CLUSTERS,
    praise_text="That is durability.",
)


@pytest.fixture
def judged(tmp_path):
    """Judge the text of an answer."""

    def judge(body, kind=KIND):
        file = tmp_path / "answer.py"
        file.write_text(f"def all_kept(acknowledged, kept):\n    {body}\n", encoding="utf-8")
        return verdict_on(Exercise("00/tiny", tmp_path, tmp_path, kind), file)

    return judge


@pytest.mark.parametrize(
    "body", ["return set(acknowledged) <= set(kept)", "return all(a in kept for a in acknowledged)"]
)
def test_a_right_checker_passes(judged, body):
    verdict = judged(body)
    assert verdict.passed, str(verdict)
    assert "accepts 2 clusters" in verdict.did
    assert "rejects 1" in verdict.did


@pytest.mark.parametrize(
    ("body", "mistake"),
    [
        ("return True", "one that elects anybody"),
        ("return False", "a quiet one"),
        ("return acknowledged != kept", "a quiet one"),
        ("return len(kept) <= len(acknowledged)", "one that elects anybody"),
        ("return None", "type"),
        ("return 1", "type"),
        ("raise NotImplementedError('is it kept?')", "stub"),
        ("return acknowledged[7] in kept", "raised"),
        ("raise SystemExit(0)", "exited"),
        ("import os; os._exit(0)", "died"),
        ("return open('/etc/passwd') is None", "refused"),
    ],
)
def test_a_wrong_checker_is_told_the_cluster_that_shows_it(judged, body, mistake):
    verdict = judged(body)
    assert verdict.exit_code == 1
    assert verdict.mistake == mistake, str(verdict)
    assert not lint(verdict), str(verdict)


def test_a_checker_that_gives_no_answer_is_told_about_what_and_where(judged):
    verdict = judged("return acknowledged[7] in kept")
    step = verdict.step
    assert verdict.did == f"We played a quiet one. We asked all_kept(('x',), ('x',)) about step {step}."
    assert verdict.got.startswith("Your all_kept raised IndexError") and verdict.got.endswith("; expected True.")
    assert verdict.look.endswith(f"Step {step}. This is the end.")
    assert verdict.page.exists()


def test_a_file_that_cannot_be_loaded_was_loaded_and_asked_nothing(judged):
    verdict = judged("return (")
    assert (verdict.did, verdict.mistake, verdict.page) == ("We loaded answer.py.", "syntax", None)
    assert verdict.got.endswith("; expected a function all_kept that answers.")


def test_a_checker_that_changes_its_mind_is_found(judged):
    verdict = judged(
        "all_kept.count = getattr(all_kept, 'count', 0) + 1\n"
        f"    return set(acknowledged) <= set(kept) and all_kept.count <= {len(CLUSTERS)}"
    )
    assert verdict.mistake == AGAIN
    assert "as before" in verdict.got


KNOWN = Misjudging("counts", "You count, and do not compare.", ((((), ("x",)), True), ((("x",), ("y",)), True)))


@pytest.mark.parametrize(
    ("body", "mistake"),
    [
        ("return True", "counts"),
        ("return bool(acknowledged) or not kept", "one that elects anybody"),
    ],
)
def test_a_known_way_to_misjudge_gets_the_reply_written_for_it(judged, body, mistake):
    verdict = judged(body, replace(KIND, mistakes=(KNOWN,)))
    assert verdict.mistake == mistake, str(verdict)
    wanted = KNOWN.reply if mistake == "counts" else f"Look at what {mistake} did."
    assert verdict.look.endswith(f"This is the end. {wanted}")


class Twice(AtTheEnd):
    def moments(self, run):
        (end,) = super().moments(run)
        return (Moment(1, ((), ()), True, "This is the beginning."), end)


def test_the_first_moment_that_is_misjudged_is_the_one_that_is_told(judged):
    record = of_schedule(LOSES_X, lambda setup: Twice(False), planted=PLANTED)
    kind = replace(KIND, clusters=(Judged("two moments", "We looked twice.", record, False, "Look."),))
    assert judged("return not acknowledged", kind).passed
    early, late = judged("return False", kind), judged("return True", kind)
    assert (early.step, early.look) == (1, "Step 1. This is the beginning. Look.")
    assert late.step > 1
    assert f"This cluster breaks the promise, at step {late.step}." in early.did


def test_a_file_that_defines_nothing_is_told_the_name(tmp_path):
    file = tmp_path / "answer.py"
    file.write_text("", encoding="utf-8")
    verdict = verdict_on(Exercise("00/tiny", tmp_path, tmp_path, KIND), file)
    assert verdict.mistake == "missing"
    assert "all_kept" in verdict.got
