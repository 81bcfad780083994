"""The working rhythm of a learner: next, hint, reset, progress, watch; what they print, keep and end with."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from grading_kit import ANSWERS, LESSON, ROOT

from minikafka import cli
from minikafka.grading import commands, hints, progress, watching
from minikafka.grading.exercise import all_exercises, find

HEARD = "06/what_clients_hear"
RIGHT = ANSWERS / LESSON / "what_clients_hear" / "right" / "reference.py"
WRONG = ANSWERS / LESSON / "what_clients_hear" / "wrong" / "not_letters.py"


def pass_all(checkout):
    """Note a pass for every exercise, as it stands."""
    for exercise in all_exercises(checkout):
        exercise.begin()
        progress.note_pass(exercise, exercise.answer)


@pytest.mark.parametrize(
    "words",
    [["next"], ["exercises"], ["progress"], ["watch"], ["hint", HEARD], ["reset", HEARD], ["grade", HEARD]],
    ids=lambda words: words[0],
)
def test_outside_a_checkout_each_command_says_one_sentence(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("minikafka.grading.exercise.__file__", str(tmp_path / "a" / "b" / "c" / "exercise.py"))
    assert cli.main(words) == 2
    said = capsys.readouterr().out
    assert "go into your clone of the course" in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["watch", "06/elect_leeder"], ["hint", "06/elect_leeder"], ["reset", "06/x"]])
def test_an_unknown_id_is_one_sentence(words, checkout, capsys):
    assert cli.main(words) == 2
    assert capsys.readouterr().out.count("\n") == 1


def test_next_names_the_first_that_is_not_passed_and_a_changed_one_again(checkout, capsys):
    first, second = all_exercises(checkout)[:2]
    assert cli.main(["next"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{first.id} (")
    assert f"minikafka grade {first.id}" in said
    assert "made from the stub" in said
    first.begin()
    progress.note_pass(first, first.answer)
    assert cli.main(["next"]) == 0
    assert capsys.readouterr().out.startswith(f"{second.id} (")
    first.answer.write_text("# another thought\n", encoding="utf-8")
    assert cli.main(["next"]) == 0
    assert capsys.readouterr().out.startswith(f"{first.id} (")
    assert "milestone" not in said
    for exercise in all_exercises(checkout):
        if exercise.id[:2] < "07":
            exercise.begin()
            progress.note_pass(exercise, exercise.answer)
    assert cli.main(["next"]) == 0
    assert "first   minikafka milestone 6 " in capsys.readouterr().out
    pass_all(checkout)
    assert cli.main(["next"]) == 0
    assert "Every exercise is passed" in capsys.readouterr().out


def test_hints_come_one_by_one_and_the_last_stays(checkout, capsys):
    exercise = find(HEARD)
    texts = hints.all_hints(exercise)
    for number in [*range(1, len(texts) + 1), len(texts)]:
        assert cli.main(["hint", HEARD]) == 0
        said = capsys.readouterr().out
        assert f"hint {number} of {len(texts)}:" in said
        assert texts[number - 1] in said
        assert ("That was the last one" in said) == (number == len(texts))
    assert cli.main(["hint", HEARD, "1"]) == 0
    assert texts[0] in capsys.readouterr().out
    assert cli.main(["hint", HEARD, "9"]) == 2
    assert "has the hints 1 to" in capsys.readouterr().out
    assert hints.next_number(exercise) == len(texts)


def test_a_damaged_file_of_hints_is_no_trouble(checkout):
    exercise = find(HEARD)
    file = checkout / ".minikafka" / "hints.json"
    file.parent.mkdir()
    for content in ("[", "[]", '{"06/what_clients_hear": "x"}'):
        file.write_text(content, encoding="utf-8")
        assert hints.next_number(exercise) == 1


def test_reset_keeps_every_copy_and_begins_with_the_first_hint(checkout, capsys):
    exercise = find(HEARD)
    for number, text in enumerate(("# one\n", "# two\n"), 1):
        exercise.answer.write_text(text, encoding="utf-8")
        cli.main(["hint", HEARD])
        assert cli.main(["reset", HEARD]) == 0
        copy = checkout / ".minikafka" / "kept" / f"06-what_clients_hear-{number}.py"
        assert copy.read_text(encoding="utf-8") == text
        assert copy.name in capsys.readouterr().out
        assert exercise.answer.read_bytes() == exercise.stub.read_bytes()
        assert hints.next_number(exercise) == 1
    assert cli.main(["reset", HEARD]) == 0
    assert len(list(copy.parent.iterdir())) == 2, "a stub is not worth keeping"


def test_progress_shows_the_hash_and_writes_the_page_only_at_the_end(checkout, capsys):
    page = checkout / ".minikafka" / "certificate.html"
    exercise = find(HEARD)
    exercise.answer.write_bytes(RIGHT.read_bytes())
    assert cli.main(["grade", HEARD]) == 0
    assert cli.main(["progress"]) == 0
    said = capsys.readouterr().out
    assert progress.digest(RIGHT)[:12] in said
    assert "1 of " in said
    assert not page.exists()
    pass_all(checkout)
    assert cli.main(["progress"]) == 0
    assert page.as_uri() in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    for one in all_exercises(checkout):
        assert one.id in text
        assert progress.digest(one.answer)[:16] in text
    assert "http" not in text


def test_git_ignores_all_that_a_learner_makes():
    made = [
        ".minikafka/progress.json",
        ".minikafka/hints.json",
        ".minikafka/kept/06-x-1.py",
        ".minikafka/certificate.html",
    ]
    made += [find(HEARD, ROOT).answer.relative_to(ROOT).as_posix()]
    found = subprocess.run(["git", "check-ignore", *made], cwd=ROOT, capture_output=True, text=True, check=False)
    if "not a git repository" in found.stderr:
        pytest.skip("this copy is no git checkout")
    assert found.stdout.split() == made


# --- watch ---


def typed(*actions):
    """Keys, one at each look; a function is something that happens meanwhile."""
    todo = list(actions)

    def key():
        following = todo.pop(0)
        if callable(following):
            following()
            return ""
        return following

    return key


def test_watch_grades_once_at_each_save(checkout, capsys, monkeypatch):
    exercise, judged = find(HEARD), []
    real = watching.judge
    monkeypatch.setattr(watching, "judge", lambda *a, **b: judged.append(1) or real(*a, **b))
    keys = typed(
        "", "",
        lambda: exercise.answer.write_bytes(WRONG.read_bytes()), "",
        lambda: exercise.answer.write_bytes(WRONG.read_bytes()), "",
        lambda: exercise.answer.write_bytes(RIGHT.read_bytes()), "", "q",
    )  # fmt: skip
    assert watching.Watch(exercise, keys).run() == 0
    assert len(judged) == 3
    said = capsys.readouterr().out
    assert said.index("Made exercises/") < said.index("not yet") < said.index("passed")
    assert progress.is_passed(exercise, progress.read(checkout))


def test_one_key_each_for_hint_list_reset_open_and_next(checkout, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr(watching.webbrowser, "open", lambda link: bool(opened.append(link)) or len(opened) == 1)
    exercise = find(HEARD)
    letters_text = RIGHT.read_text(encoding="utf-8").replace('after_timeout = "c"', 'after_timeout = "a"')
    exercise.answer.write_text(letters_text, encoding="utf-8")
    watch = watching.Watch(exercise, typed("h", "l", "o", "o", "x", "r", "o", "n", "q"))
    monkeypatch.setattr(commands, "next_exercise", lambda: find("06/elect_leader"))
    assert watch.run() == 1
    said = capsys.readouterr().out
    assert hints.all_hints(exercise)[0] in said
    assert "of " in said and "passed. `minikafka next`" in said
    assert opened == [exercise.page.as_uri()] * 2
    assert "No browser came up" in said
    assert "is kept as .minikafka/kept/06-what_clients_hear-1.py" in said
    assert "This verdict has no run to open." in said
    assert watch.exercise.id == "06/elect_leader"
    assert find("06/elect_leader").answer.exists()


def test_watch_reads_keys_that_are_piped_in_and_ends_with_them(checkout):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "minikafka", "watch", HEARD]
    for typed_in in ("hq", "h"):
        ran = subprocess.run(
            command, cwd=checkout, env=environment, input=typed_in, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 1, ran.stderr
        assert "hint 1 of 4" in ran.stdout or "hint 2 of 4" in ran.stdout
        assert ran.stderr == ""


def test_the_progress_file_is_plain(checkout):
    pass_all(checkout)
    kept = json.loads(progress.file_of(checkout).read_text(encoding="utf-8"))
    assert set(kept) == {exercise.id for exercise in all_exercises(checkout)}
