"""Judging an answer of kind W: one check at a time, each ending in a verdict of four lines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

from minikafka.grading import counterexample
from minikafka.grading.exercise import Exercise
from minikafka.grading.sandbox import AnswerFailed, Decider, open_answer
from minikafka.grading.transplant import Seen, Transplant
from minikafka.grading.verdict import NOT_YET, PASSED, Verdict
from minikafka.grading.write import Directed, Evidence, Write, Wrong, answered
from minikafka.sim import drawing
from minikafka.sim.schedule import Schedule, Setup
from minikafka.trace import story

ASKED_AGAIN = 200
SENDS, FAULTS = 5, 4
"""In an explored schedule."""


class WriteGrading:
    """One answer, being judged: its process lives as long as this."""

    def __init__(self, exercise: Exercise, write: Write, file: Path) -> None:
        self.exercise, self.write, self.file = exercise, write, file
        self.decider: Decider | None = None
        self.transplant: Transplant | None = None
        self.failure: AnswerFailed | None = None
        """The file could not even be loaded."""

    def __enter__(self) -> Self:
        module = self.write.place.partition(":")[0]
        try:
            self.decider = open_answer(self.file, self.write.function, module)
            self.transplant = Transplant(self.write, self.decider)
        except AnswerFailed as failure:
            self.failure = failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self.decider is not None:
            self.decider.close()

    def run(self, check: str) -> Verdict:
        """Carry out one check."""
        if self.transplant is None:
            assert self.failure is not None
            return self._finished(check, self.of_failure(self.failure, f"We loaded {self.file.name}."))
        try:
            return self._finished(check, self._carry_out(check, self.transplant))
        except AnswerFailed as failure:
            return self._finished(check, self.of_failure(failure, self._while(check, failure)))

    def _finished(self, check: str, verdict: Verdict) -> Verdict:
        printed = self.decider.printed if self.decider is not None else ""
        return replace(verdict, check=check, printed=printed)

    def _carry_out(self, check: str, transplant: Transplant) -> Verdict:
        kind, _, number = check.rpartition(" ")
        directed = next((one for one in self.write.directed if one.name == check), None)
        if directed is not None:
            return self._of_directed(transplant, directed)
        if kind == "example":
            return self._example(transplant, int(number) - 1)
        if check == "drawn questions":
            return self._drawn(transplant)
        if kind == "explored":
            return self._explored(transplant, int(number) - 1)
        wrong = transplant.changed_mind(ASKED_AGAIN)
        return self._nothing_broke() if wrong is None else self._of_changed_mind(wrong)

    def _example(self, transplant: Transplant, index: int) -> Verdict:
        wrong = transplant.judge(self.write.examples[index].question)
        if wrong is None:
            return self._nothing_broke()
        verdict = self.of_question(transplant, wrong, f"example {index + 1} of the specification")
        return self.with_a_run(transplant, verdict)

    def _drawn(self, transplant: Transplant) -> Verdict:
        random = Random(f"{self.exercise.id}/questions")
        found = [transplant.judge(self.write.draw(random)) for _ in range(self.write.drawn)]
        wrong = [one for one in found if one is not None]
        if not wrong:
            return self._nothing_broke()
        simplest = min(wrong, key=lambda one: (len(repr(tuple(one.question))), repr(one.question)))
        where = f"the simplest of {len(wrong)} wrong answers to {self.write.drawn:,} drawn questions"
        return self.of_question(transplant, simplest, where)

    def _explored(self, transplant: Transplant, index: int) -> Verdict:
        setup = self.write.explored[index]
        for number in range(self.write.schedules):
            random = Random(f"{self.exercise.id}/explored/{index}/{number}")
            lines = (self.write.explore or sends_and_faults)(random, setup)
            seen = transplant.watch(replace(setup, seed=number), lines)
            if seen.violation is not None:
                return self.of_run(transplant, seen)
        return self._nothing_broke()

    # --- verdicts ---

    def _nothing_broke(self) -> Verdict:
        return Verdict(self.exercise.id, PASSED, "Nothing broke.", "", "", "")

    def of_question(self, transplant: Transplant, wrong: Wrong, where: str) -> Verdict:
        """A question asked outside any cluster was answered wrongly."""
        write, mistake = self.write, transplant.mistake_in(wrong)
        number = transplant.requirement_of(wrong)
        return Verdict(
            self.exercise.id,
            NOT_YET,
            f"We asked {write.asked(wrong.question)} ({where}).",
            f"Your {write.function} said {answered(wrong.got)}; expected {answered(wrong.expected)}.",
            f"{number}: {write.requirements[number]}",
            mistake.reply(wrong) if mistake is not None else self._advice(number),
            mistake=mistake.name if mistake is not None else "",
            requirement=number,
            promise=number,
        )

    def with_a_run(self, transplant: Transplant, verdict: Verdict) -> Verdict:
        """The same mistake inside the running cluster, if one of the directed schedules shows it."""
        wanted = [one for one in self.write.directed if verdict.mistake in ("", one.mistake)]
        try:
            found = (self._of_directed(transplant, directed) for directed in wanted)
            of_run = next((one for one in found if not one.passed and verdict.mistake in ("", one.mistake)), None)
        except AnswerFailed:
            of_run = None
        if of_run is None:
            return verdict
        broken = verdict.broken
        if of_run.broken != broken:
            broken += f" In the run below: {of_run.broken}"
        look = of_run.look if verdict.mistake else verdict.look
        return replace(
            of_run, did=verdict.did, got=verdict.got, broken=broken, look=look,
            mistake=verdict.mistake, requirement=verdict.requirement,
        )  # fmt: skip

    def _of_directed(self, transplant: Transplant, directed: Directed) -> Verdict:
        return self.of_run(transplant, transplant.watch(directed.setup, directed.lines, directed.promise))

    def of_run(self, transplant: Transplant, seen: Seen) -> Verdict:
        """A run: shrunk and told if something broke."""
        if seen.violation is None:
            return self._nothing_broke()
        if seen.decision is None:
            raise RuntimeError(f"{seen.violation.name} broke without any wrong decision: {seen.violation.sentence}")
        found = counterexample.shortest(transplant, seen)
        page = self.exercise.page
        found.write(page, f"{self.exercise.id}: your {self.write.function} in the running cluster")
        return self._of_counterexample(transplant, found, page)

    def _of_counterexample(
        self, transplant: Transplant, found: counterexample.Counterexample, page: Path
    ) -> Verdict:
        seen, write = found.seen, self.write
        violation, decision = seen.violation, seen.decision
        assert violation is not None
        assert decision is not None
        wrong, number = decision.wrong, transplant.requirement_of(decision.wrong)
        mistake = transplant.mistake_in(wrong)
        broken = f"{number}: {write.requirements[number]}"
        if seen.of_the_cluster:
            name = violation.name[:1].upper() + violation.name[1:]
            broken = f"{name} ({violation.promise}): {violation.sentence} By {broken}"
        return Verdict(
            self.exercise.id,
            NOT_YET,
            counterexample.told_in_one_line(seen.lines, seen.setup),
            f"At step {decision.step} {write.asked(wrong.question)} said {answered(wrong.got)}; "
            f"expected {answered(wrong.expected)}.",
            broken,
            self._look(seen, mistake, decision.step, wrong, number),
            mistake=mistake.name if mistake is not None else "",
            requirement=number,
            promise=violation.promise,
            schedule=counterexample.listing(seen.lines),
            story=found.sentences,
            step=found.step,
            seed=seen.setup.seed,
            page=page,
        )

    def _look(self, seen: Seen, mistake: Any, step: int, wrong: Wrong, number: str) -> str:
        reply = mistake.reply(wrong) if mistake is not None else self._advice(number)
        shows = mistake.look(Evidence(wrong, step, seen.run.sim)) if mistake is not None else None
        if shows is None:
            return f"Step {step}. {reply}"
        return f"Step {shows.step}: {story.sentence(shows.node, shows.fact)} {reply}"

    def _advice(self, number: str) -> str:
        return f"Which of the arguments does {number} speak of? Look at what your code does with them here."

    def _of_changed_mind(self, wrong: Wrong) -> Verdict:
        return Verdict(
            self.exercise.id,
            NOT_YET,
            f"We asked {self.write.asked(wrong.question)} twice.",
            f"Your {self.write.function} said {answered(wrong.got)}; "
            f"expected {answered(wrong.expected)}, as it had said before.",
            "R0: The same question always gets the same answer.",
            "A decision depends on its arguments and on nothing else: no counter, no global, no chance.",
            requirement="R0",
            promise="R0",
        )

    # --- files that give no answer ---

    def _while(self, check: str, failure: AnswerFailed) -> str:
        if failure.question is None:
            return f"We loaded {self.file.name}."
        asked = self.write.asked(self.write.question(*failure.question))
        return f"We asked {asked} ({check})."

    def of_failure(self, failure: AnswerFailed, did: str) -> Verdict:
        """No usable answer came back."""
        expected = f"a function {self.write.function} that answers"
        if failure.question is not None and self.transplant is not None:
            expected = answered(self.transplant.expected(self.write.question(*failure.question)))
        _, advice = FAILURES.get(failure.kind, FAILURES["raised"])
        return Verdict(
            self.exercise.id,
            NOT_YET,
            did,
            f"{in_words(failure, self.write.function)}; expected {expected}.",
            "R0: Every question gets an answer of the stated type, within a second.",
            advice.format(file=self.file.name, function=self.write.function),
            mistake=failure.kind,
            requirement="R0",
            promise="R0",
        )


def sends_and_faults(random: Random, setup: Setup) -> Schedule:
    """What is explored where the exercise says nothing else."""
    return drawing.random_schedule(random, setup, SENDS, FAULTS)


FAILURES = {
    "stub": ("Your {function} is still the stub; it raised", "Write it in {file}; README.md says what it must do."),
    "syntax": ("Python cannot read your file:", "Mend that line, or the one before it, and grade again."),
    "missing": ("Your file", "Keep the name from the stub: the cluster calls it as {function}."),
    "raised": ("Your {function} raised", "Go through that line with the arguments of the first line in hand."),
    "recursion": ("Your {function} raised", "It calls itself without end. When does it stop?"),
    "memory": ("Your {function} raised", "It took more memory than 512 MB. This decision needs a handful of numbers."),
    "exited": ("Your {function} raised", "A decision returns; it never ends the process. Take the exit out."),
    "slow": ("Your {function}", "Is there a loop whose condition never changes?"),
    "died": ("Your {function}", "A decision returns; it never ends its process, nor breaks it."),
    "flood": ("Your {function} printed more than 20,000 characters", "Is there a print in a loop that never ends?"),
    "garbled": ("Your {function}", "Only what the function returns counts. Take out what writes to file descriptors."),
    "type": ("Your {function}", "Look at the signature in stub.py: what does it return?"),
    "refused": ("Your {function}", "A decision is made from its arguments alone. What do they tell you?"),
}
"""For each way to give no answer: how line two begins, and what to look at."""


def in_words(failure: AnswerFailed, function: str) -> str:
    """What became of an answer that is none: the beginning of a sentence."""
    verb, _ = FAILURES.get(failure.kind, FAILURES["raised"])
    where = f" at line {failure.line}: `{failure.code}`" if failure.line else ""
    return f"{verb.format(function=function)} {failure.text}".rstrip() + where
