"""The front door: what it says when something is wrong, and that it opens and closes."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT)]

import course
import screenshots
import serve_course


@contextmanager
def busy_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_busy_port_is_named_and_the_next_free_one_used(capsys):
    with busy_port() as port:
        found = course.free_port("site", port)
    assert found > port
    assert capsys.readouterr().out == f"Port {port} is busy: the site will be on {found}.\n"


def test_site_and_notebooks_never_share_a_port(capsys):
    with busy_port() as port:
        pass
    assert course.free_port("notebooks", port, taken=port) > port


def test_an_old_python_hands_over_to_a_newer_one(monkeypatch):
    monkeypatch.setattr(course.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(course.shutil, "which", lambda name: "/bin/py12" if name == "python3.12" else None)
    monkeypatch.setattr(course.subprocess, "call", lambda command: 0 if command[0] == "/bin/py12" else 1)
    with pytest.raises(SystemExit) as caught:
        course.use_a_new_enough_python()
    assert caught.value.code == 0


def test_an_old_python_alone_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(course.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(course.shutil, "which", lambda _: None)
    assert course.main(["start"]) == 1
    assert re.fullmatch(r"course: The course needs Python 3\.11 or newer, .*install one\.\n", capsys.readouterr().err)


def test_the_front_door_can_be_read_by_an_old_python():
    """Else its sentence about the version could never be printed."""
    compile((ROOT / "tools/course.py").read_text(encoding="utf-8"), "course.py", "exec", dont_inherit=True)
    import ast

    ast.parse((ROOT / "tools/course.py").read_text(encoding="utf-8"), feature_version=(3, 7))


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("Retrying after NewConnectionError ... \nERROR: No matching distribution found for x", "network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "differs from the locked one"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: something new", "`ERROR: something new`"),
        ("", "it printed nothing"),
    ],
)
def test_pip_s_trouble_becomes_one_sentence(log, said):
    assert said in course.why_pip_failed(log)


def test_no_network_is_one_sentence_and_no_traceback(tmp_path, monkeypatch, capsys):
    """A real pip that cannot reach any index."""
    monkeypatch.setattr(course, "VENV_PYTHON", Path(sys.executable))
    monkeypatch.setattr(course, "BUILD", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(course.CourseError, match="no network connection") as caught:
        course.pip("--target", str(tmp_path / "t"), "minikafka-no-such-thing==1")
    assert "\n" not in str(caught.value)
    assert "ERROR" in (tmp_path / "pip.log").read_text()


@pytest.fixture
def installs(tmp_path, monkeypatch):
    """What would be installed, without doing so, in a small tree."""
    done = []
    (tmp_path / "locks").mkdir()
    for name in ("locks/start.txt", "locks/test.txt", "pyproject.toml"):
        (tmp_path / name).write_text("1")
    for name, value in {"ROOT": tmp_path, "VENV": tmp_path, "STAMP": tmp_path / "stamp.json"}.items():
        monkeypatch.setattr(course, name, value)
    monkeypatch.setattr(course, "VENV_PYTHON", Path(sys.executable))
    monkeypatch.setattr(course, "make_venv", lambda: done.append("venv"))
    monkeypatch.setattr(course, "pip", lambda *arguments: done.append(Path(arguments[-1]).name))
    return done


def test_the_second_start_installs_nothing(installs):
    course.ensure_venv("start")
    assert installs == ["venv", "start.txt", course.ROOT.name]
    installs.clear()
    course.ensure_venv("start")
    assert installs == []


def test_a_changed_lock_is_installed_into_the_same_venv(installs):
    course.ensure_venv("start")
    installs.clear()
    (course.ROOT / "locks" / "start.txt").write_text("2")
    course.ensure_venv("start")
    assert installs == ["start.txt", course.ROOT.name]


def test_after_the_tests_a_start_has_all_it_needs(installs):
    course.ensure_venv("test")
    installs.clear()
    course.ensure_venv("start")
    assert installs == []


def test_an_unknown_option_is_refused(capsys):
    with pytest.raises(SystemExit) as caught:
        course.main(["start", "--prot", "1"])
    assert caught.value.code == 2 and "--prot" in capsys.readouterr().err


# --- serving ------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_site(tmp_path):
    for name in ("site/index.html", "site/assets/stage.mjs", "site/notebook/06_x/index.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"this is {name}")
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons/06_x.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    return tmp_path


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def get(address):
    """Status, headers and body, redirects not followed."""
    try:
        with urllib.request.build_opener(NoRedirect).open(address) as answer:
            return SimpleNamespace(status=answer.status, headers=answer.headers, text=answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return SimpleNamespace(status=error.code, headers=error.headers, text=error.read().decode())


def test_modules_are_served_as_scripts_and_never_stale(small_site):
    with screenshots.served(small_site) as top:
        answer = get(f"{top}assets/stage.mjs")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"


def test_without_jupyterlab_the_notebooks_address_is_a_page(small_site):
    with screenshots.served(small_site) as top:
        assert get(f"{top}notebook/06_x/").text == "this is site/notebook/06_x/index.html"


def test_with_jupyterlab_the_notebooks_address_leads_to_the_readers_copy(small_site):
    with busy_port() as lab:
        link = f"http://127.0.0.1:{lab}/lab/tree/{{path}}?token=abc"
        with screenshots.served(small_site, link) as top:
            answer = get(f"{top}notebook/06_x/")
            unknown = get(f"{top}notebook/07_gone/").status, get(f"{top}notebook/..%2f06_x/").status
    assert (answer.status, answer.headers["Location"]) == (302, link.format(path="notebooks/06_x.ipynb"))
    assert (small_site / "notebooks/06_x.ipynb").exists()
    assert unknown == (404, 404)


def test_a_lab_that_never_comes_up_is_told(small_site, monkeypatch):
    monkeypatch.setattr(serve_course, "LAB_STARTS_WITHIN_SECONDS", 0)
    with busy_port() as port:
        pass
    with screenshots.served(small_site, f"http://127.0.0.1:{port}/{{path}}") as top:
        answer = get(f"{top}notebook/06_x/")
    assert answer.status == 503 and "build/jupyter.log" in answer.text


# --- the whole of it ----------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="ends the course as a POSIX signal does")
def test_start_opens_the_course_and_ends_all_of_it(need):
    """The real thing: site and JupyterLab on ports that may be busy, one link, and nothing left running."""
    if Path(sys.prefix).resolve() != course.VENV.resolve():
        need.missing("runs inside the course's own .venv only: use `make test`")
    lessons = sorted((ROOT / "lessons").glob("*.ipynb"))
    with busy_port() as port:
        command = [sys.executable, str(ROOT / "tools/course.py"), "start", "--port", str(port), "--lab-port", str(port)]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
        try:
            said, link = read_until_link(running)
            assert f"Port {port} is busy: the site will be on" in said
            assert get(link).status == 200
            for lesson in lessons[:1]:
                answer = get(f"{link}notebook/{lesson.stem}/")
                assert answer.status == 302 and "token=" in answer.headers["Location"]
                assert "JupyterLab" in get(answer.headers["Location"]).text
        finally:
            running.send_signal(signal.SIGTERM)
            rest = running.communicate(timeout=60)[0]
    assert running.returncode == 0, rest
    assert "Traceback" not in rest
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(link)


def read_until_link(running):
    """All that was printed up to the link, and the link."""
    said = ""
    for line in running.stdout:
        said += line
        if found := re.search(r"The course is open:\s+(\S+)", line):
            return said, found[1]
    raise AssertionError(f"it ended without a link:\n{said}")


# --- the numbers ---------------------------------------------------------------------------------------------------


def test_a_figure_is_printed_beside_its_goal_with_the_machine_taken_out(need):
    from benchmarks import __main__ as bench
    from benchmarks.measured import Measured

    slow = Measured("a thing", 200.0, "ms", goal=150)
    assert not slow.met and bench.line(slow, slowness=2.0).split() == [
        "!", "a", "thing", "200", "ms", "at", "most", "150", "100"
    ]  # fmt: skip
    many = Measured("events", 30_000, "1/s", 20_000, "at least")
    assert many.met and bench.line(many, slowness=2.0).endswith("60,000")
    assert bench.line(Measured("page", 9, "kB", depends_on_machine=False), 2.0).endswith("=")


# --- the doctor ---------------------------------------------------------------------------------------------------


@pytest.fixture
def doctor(need):
    return need.module("minikafka.doctor")


def test_the_doctor_finds_what_is_there(doctor, capsys):
    findings = doctor.diagnose()
    assert [finding.ok for finding in findings if finding.name.startswith("Python")] == [True]
    assert all("\n" not in finding.line() for finding in findings)
    assert doctor.main() == (1 if any(f.needed and not f.ok for f in findings) else 0)
    assert len(capsys.readouterr().out.splitlines()) == len(findings) + 1


def test_the_doctor_says_how_to_mend_what_is_missing(doctor, monkeypatch, capsys):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: "/usr/bin/apt" if name == "apt" else None)
    monkeypatch.setattr(doctor.sys, "platform", "linux")
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda _: None)
    assert doctor.main() == 1
    said = capsys.readouterr().out
    assert "chromium: not there (the browser tests) → apt install chromium" in said
    assert "make start" in said and "cannot open yet" in said


def test_optional_tools_do_not_keep_the_course_closed(doctor, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "EXTRAS", ())
    monkeypatch.setattr(doctor.shutil, "which", lambda _: None)
    assert doctor.main() == 0
    assert "The course can open." in capsys.readouterr().out


def test_the_doctor_sees_a_busy_port(doctor):
    with busy_port() as port:
        assert "busy" in doctor.check_port(port, "the site").line()
    assert doctor.check_port(port, "the site").ok
