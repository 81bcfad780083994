"""Each exercise explains itself: text, stub, checks and data say the same thing."""

from __future__ import annotations

import ast
import itertools
import os
import re
import subprocess
import sys

from grading_kit import ANSWERS, EXERCISES, LESSON, ROOT, by_id, decisions, lint

from minikafka.grading.exercise import find
from minikafka.grading.grader import judge
from minikafka.grading.predict import Pick, Put, read_answers
from minikafka.grading.write import shown

WRITTEN = decisions()
PREDICTED = find("06/what_clients_hear")


def test_they_are_found_in_the_order_in_which_they_are_met():
    assert [exercise.id for exercise in EXERCISES if exercise.id.startswith("06/")][:3] == [
        "06/elect_leader", "06/check_leader_epoch", "06/what_clients_hear",
    ]  # fmt: skip


@by_id(EXERCISES)
def test_the_folder_is_complete(exercise):
    for name in ("README.md", "stub.py", "hints.md", "grader.py", f"test_{exercise.name}.py"):
        assert (exercise.folder / name).is_file(), name
    assert exercise.solution.is_file()
    hints = re.findall(r"^\*\*(\d) of (\d)\.\*\*", (exercise.folder / "hints.md").read_text(encoding="utf-8"), re.M)
    assert hints == [(str(number), str(len(hints))) for number in range(1, len(hints) + 1)]
    assert 1 <= len(hints) <= 4
    assert f"minikafka grade {exercise.id}" in (exercise.folder / "README.md").read_text(encoding="utf-8")


@by_id(WRITTEN)
def test_the_text_states_the_requirements_that_are_checked(exercise):
    text = (exercise.folder / "README.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^- \*\*(R\d)\*\* (.*)$", text, re.M)) == exercise.kind.requirements
    rows = [row for row in re.findall(r"^\| (.*) \|$", text, re.M) if "---" not in row][1:]
    assert len(rows) == len(exercise.kind.examples)
    for row, example in zip(rows, exercise.kind.examples, strict=True):
        answer = tuple(example.answer) if isinstance(example.answer, tuple) else example.answer
        wanted = [shown(value) for value in example.question]
        assert row.split(" | ") == [
            *wanted,
            f"`{answer!r}`".replace("'", '"') if isinstance(answer, str) else str(answer),
        ]


def test_a_sentence_says_what_all_parts_are_called_unless_nobody_would_read_it():
    write = find("05/ack_decision").kind
    produce, view = write.examples[0].question
    said = write.asked(write.question(produce, view))
    assert "(p=Produce(acks=1, last_offset=None, waited_ms=0, timeout_ms=30000), v=LeaderView(replicas=" in said
    crowded = view._replace(ends=tuple((broker, 10**9) for broker in range(1, 8)))
    assert "(p=(1, None, 0, 30000), v=((1, 2, 3), " in write.asked(write.question(produce, crowded))
    assert shown(produce) == "(1, None, 0, 30000)", "a table keeps it short"


@by_id(WRITTEN)
def test_the_reference_answers_the_examples_and_every_requirement_is_needed(exercise):
    write = exercise.kind
    for example in write.examples:
        assert read_reference(exercise)(*example.question) == example.answer
    broken = {mistake.requirement for mistake in write.mistakes}
    assert broken <= set(write.requirements)


def read_reference(exercise):
    module: dict = {}
    exec(exercise.solution.read_text(encoding="utf-8"), module)
    return module[exercise.kind.function]


@by_id(WRITTEN)
def test_signature_is_the_same_in_stub_text_solution_and_core(exercise):
    def arguments(path):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        wanted = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
        return next([a.arg for a in node.args.args] for node in wanted if node.name == exercise.kind.function)

    core = ROOT / (exercise.kind.place.partition(":")[0].replace(".", "/") + ".py")
    if exercise.kind.reference is not None:
        core = exercise.folder / "grader.py"  # The core has no function of this form.
    assert arguments(exercise.stub) == arguments(exercise.solution) == arguments(core)
    assert arguments(core) == list(exercise.kind.question._fields)


STUB_SAYS = {
    "W": "is still the stub", "S": "is still the stub", "P": "expected the letters", "D": "expected one of the letters",
    "O": "expected the letters", "A": "did no such harm",
}  # fmt: skip


@by_id(EXERCISES)
def test_the_stub_is_red_with_the_expected_message(exercise, shared_checkout):
    verdict = judge(exercise.id, exercise.stub, shared_checkout, record=False)
    assert verdict.exit_code == 1
    assert not lint(verdict), str(verdict)
    says = "expected the cards" if getattr(exercise.kind, "rows", ()) else STUB_SAYS[exercise.kind.letter]
    if isinstance(getattr(exercise.kind, "questions", (None,))[0], Pick):
        says = "expected one of the letters"
    assert says in verdict.got
    if exercise.kind.letter in "WS":
        assert "README.md says what it must do" in verdict.look


# --- predictions ---


def test_every_choice_stands_in_the_text_and_has_a_reply_of_its_own():
    text = (PREDICTED.folder / "README.md").read_text(encoding="utf-8")
    for question in PREDICTED.kind.questions:
        assert f"`{question.name}`: {question.ask}" in text
        for letter, choice in question.choices.items():
            assert f"- `{letter}` {choice.text}" in text
        replies = [choice.reply for choice in question.choices.values()]
        assert len(set(replies)) == len(replies)


def test_the_scenes_are_what_the_replies_say_they_are():
    with PREDICTED.kind.open(PREDICTED, PREDICTED.stub) as grading:
        told = {}
        for question in PREDICTED.kind.questions:
            for choice in question.choices.values():
                trace = grading.runs[choice.shown.run]
                step = grading.step(choice.shown)
                told[choice.shown] = [sentence for at, sentence in trace.story(0) if at == step]
    heard = {shown.scene: " ".join(said) for shown, said in told.items() if shown.run == "06_two_leaders"}
    assert "UNKNOWN_LEADER_EPOCH" in heard[11]
    assert "FENCED_LEADER_EPOCH" in heard[12]
    assert "REQUEST_TIMED_OUT" in heard[13]
    assert "follows it" in heard[14]
    assert "cuts offsets 2 to" in heard[15]
    crashed = {shown.scene: " ".join(said) for shown, said in told.items() if shown.run != "06_two_leaders"}
    assert "crashes" in crashed[1]
    assert "NETWORK_EXCEPTION" in crashed[2]
    assert "heard nothing of broker 1 for 9 s" in crashed[3]


def test_each_wrong_choice_gets_its_own_reply_and_its_step(tmp_path, shared_checkout):
    right = read_answers(PREDICTED.solution, [question.name for question in PREDICTED.kind.questions])
    with PREDICTED.kind.open(PREDICTED, PREDICTED.stub) as steps:
        for question in PREDICTED.kind.questions:
            for letter in question.choices if isinstance(question, Pick) else ():
                verdict = judge_letters(tmp_path, shared_checkout, {**right, question.name: letter})
                if letter == question.right:
                    assert verdict.passed
                    continue
                choice = question.choices[letter]
                assert choice.reply in verdict.look
                assert f"Scene {choice.shown.scene}, step {steps.step(choice.shown)}" in verdict.look
                assert verdict.step == steps.step(choice.shown)
                assert not lint(verdict), str(verdict)


def test_every_wrong_order_is_refused(tmp_path):
    question = PREDICTED.kind.questions[0]
    assert isinstance(question, Put)
    names = [one.name for one in PREDICTED.kind.questions]
    right = read_answers(PREDICTED.solution, names)
    file = tmp_path / "answer.py"
    outcomes = []
    with PREDICTED.kind.open(PREDICTED, file) as grading:
        for order in itertools.permutations(sorted(question.choices)):
            file.write_text(written({**right, "order": list(order)}), encoding="utf-8")
            outcomes.append(grading.run("order").passed)
    assert outcomes.count(True) == 1


def written(answers):
    return "".join(f"{name} = {value!r}\n" for name, value in answers.items())


def judge_letters(folder, checkout, answers):
    file = folder / "answer.py"
    file.write_text(written(answers), encoding="utf-8")
    return judge(PREDICTED.id, file, checkout, record=False)


# --- pytest, for those who live in it ---


def run_pytest(checkout, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=240, check=False
    )


def test_pytest_collects_every_check_and_tells_the_same_four_lines(checkout):
    names = ("elect_leader", "check_leader_epoch", "what_clients_hear", "zombie")
    for name in names:
        wrong = sorted((ANSWERS / LESSON / name / "wrong").glob("*.py"))
        chosen = next(path for path in wrong if path.stem in ("lowest_id", "leader_first", "not_letters", "too_early"))
        (checkout / "exercises" / LESSON / name / "answer.py").write_text(chosen.read_text(encoding="utf-8"), "utf-8")
    found = run_pytest(checkout, f"exercises/{LESSON}")
    declared = sum(len(exercise.kind.checks()) for exercise in EXERCISES if exercise.id.startswith("06/"))
    counted = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed)", found.stdout)}
    assert sum(counted.values()) == declared, found.stdout[-800:]
    assert counted["failed"] >= 3
    assert "Broken     R2: Else the first eligible replica in assignment order leads." in found.stdout
    assert "Traceback" not in found.stdout
    assert "grading/" not in found.stdout.replace("tests/grading/", "")


def test_make_test_never_judges_a_learners_answer():
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'testpaths = ["tests"]' in settings
