"""The same lab in the simulation, on `serve`, and on Apache Kafka: answers are those of Apache Kafka, or explained."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from server_under_test import needed

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

needed("confluent_kafka")
import agreement
from lab import compare
from lab.base import Script
from lab.oracle import OracleLab

AT_ONCE = 5
"""Most of a script is waiting."""
ASKED_WITHIN_S = 240
FAULTS = {"crash", "restart", "pause", "resume"}
LESSONS = {"01", "04", "05", "06", "07", "12", "14"}
ASKED_AGAIN = ("04_high_watermark", "06_two_leaders", "transactions")
scripts = pytest.mark.parametrize("script", agreement.SCRIPTS, ids=lambda script: script.id)


def oracle_of(script: Script) -> dict[str, Any]:
    answers: dict[str, Any] = compare.recorded(script)["answers"][compare.ORACLE]
    return answers


def expected(script: Script, backend: str) -> dict[str, Any]:
    """Apache Kafka's answers, and where they are explained to differ, those that were kept."""
    kept = compare.recorded(script)["answers"]
    return kept[compare.ORACLE] | {name: kept[backend].get(name) for name in script.unlike}


def served_answers(script: Script) -> dict[str, Any]:
    """What `serve` answers, asked by a process of its own.

    confluent-kafka's `Consumer.close` can wait for ever inside librdkafka while it holds the interpreter's lock; then
    the whole process stands, and no timeout of ours is heard. Such a process is ended, and the script asked once more.
    Wrong answers are not asked again.
    """
    command = [sys.executable, str(ROOT / "tools" / "agreement.py"), "--ask", script.id]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ASKED_WITHIN_S, check=False)
    except subprocess.TimeoutExpired:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ASKED_WITHIN_S, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


@pytest.fixture(scope="module")
def served() -> Iterator[dict[str, Future[dict[str, Any]]]]:
    """All scripts on `serve`, several at a time, each on a cluster of its own."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {script.id: pool.submit(served_answers, script) for script in agreement.SCRIPTS}


def test_there_are_twelve_scripts_and_six_with_faults_and_those_of_the_lessons() -> None:
    assert len(agreement.SCRIPTS) >= 12
    assert len([script for script in agreement.SCRIPTS if FAULTS & set(script.faults)]) >= 6
    assert {script.id[:2] for script in agreement.SCRIPTS} >= LESSONS
    assert sorted(path.stem for path in compare.FOLDER.glob("*.json")) == sorted(one.id for one in agreement.SCRIPTS)


@scripts
def test_nothing_differs_without_a_sentence_and_no_sentence_is_about_nothing(script: Script) -> None:
    assert compare.complaints(script) == []


def test_the_page_is_made_from_the_answers() -> None:
    assert compare.PAGE.read_text(encoding="utf-8") == compare.page(agreement.SCRIPTS)


@scripts
def test_the_simulation_answers_as_apache_kafka_did(script: Script) -> None:
    assert agreement.answers_of("simulation", script) == expected(script, "simulation")


@scripts
def test_serve_answers_as_apache_kafka_did(script: Script, served: dict[str, Future[dict[str, Any]]]) -> None:
    assert served[script.id].result(3 * ASKED_WITHIN_S) == expected(script, "serve")


def test_apache_kafka_answers_today_as_it_did(need: Any) -> None:
    import apache_kafka

    if apache_kafka.missing():
        need.missing(apache_kafka.missing())
    with OracleLab() as lab:
        for script in agreement.SCRIPTS:
            if script.id in ASKED_AGAIN:
                assert compare.plain(script.play(lab)) == oracle_of(script), script.id
                lab.mend()


def test_a_planted_difference_is_found() -> None:
    script = agreement.SCRIPTS[0]
    oracle = oracle_of(script)
    (found,) = compare.differences(script, oracle | {"low": 5}, oracle)
    assert found == "01_log: low: 5, and Apache Kafka answered 4"
