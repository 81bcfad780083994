"""Histories of clients, made by hand: each anomaly once as it is, and once nearly.

A history is a line for each operation, in the order in which they were completed:

    A ok s x a 0       process A sent value a to partition x, and was told offset 0
    A ok s x a         ... and was told no offset (so only a reader can say where it is)
    C ok p x 0a 1b     process C polled partition x and got a at offset 0, b at offset 1
    A ok s x a 0, p y 3c                two actions in one transaction
    C sub p x 5f       the same as ok, but a group told C what to read
    C reb p x 5f       ... and while this went on, a rebalance took or gave the partition
    C ok m x           C was moved within x (a seek, an assignment)
    T dirty p x 0a     ok, with read_uncommitted
    end                somebody has read every partition to its end
"""

from __future__ import annotations

import pytest

from minikafka.sim.anomalies import ALLOWED, BAD, check
from minikafka.sim.history import ClientHistory, Moved, Operation, Poll, Send


def action(words):
    kind, key, *rest = words.split()
    if kind == "s":
        return Send(key, rest[0], int(rest[1]) if rest[1:] else None)
    if kind == "m":
        return Moved(key)
    return Poll(key, tuple((int(word[:-1]), word[-1]) for word in rest))


def operation(line):
    process, outcome, rest = line.split(maxsplit=2)
    actions = tuple(action(part) for part in rest.split(","))
    keys = frozenset(one.key for one in actions)
    return Operation(
        process,
        outcome if outcome in ("ok", "fail", "info") else "ok",
        actions,
        subscribed=outcome in ("sub", "reb"),
        rebalanced=keys if outcome == "reb" else frozenset(),
        read_committed=outcome != "dirty",
    )


def history(text):
    lines = [line.strip() for line in text.split("|")]
    return ClientHistory(tuple(operation(line) for line in lines if line != "end"), caught_up="end" in lines)


TABLE = [
    # name of the anomaly, the history that has it, and one that nearly has it
    ("inconsistent-offsets", "C ok p x 0a | D ok p x 0b", "C ok p x 0a | D ok p x 0a"),
    ("inconsistent-offsets", "A ok s x a 0 | D ok p x 0b", "A info s x a 0 | D ok p x 0b"),
    ("inconsistent-offsets", "C ok p x 0a | D fail p x 0b", "C ok p x 0a | D fail p y 0b"),
    ("duplicate", "C ok p x 0a 1a", "C ok p x 0a 1b"),
    ("duplicate", "A ok s x a 0 | C ok p x 1a", "A ok s x a 0 | C ok p y 1a"),
    ("lost-write", "A ok s x a 0 | B ok s x b 1 | C ok p x 1b", "A ok s x a 2 | B ok s x b 1 | C ok p x 1b"),
    ("lost-write", "A ok s x a 0 | C ok p x 1b", "A info s x a 0 | C ok p x 1b"),
    ("lost-write", "A ok s x a 0 | C ok p x 5b", "A fail s x a 0 | C ok p x 5b"),
    ("unseen", "A ok s x a 0 | end", "A ok s x a 0"),
    ("unseen", "A ok s x a | C ok p x 0b | end", "A info s x a | C ok p x 0b | end"),
    ("unseen", "A ok s x a | C ok p y 0a | end", "A ok s x a | C info p x 0a | end"),
    ("G1a", "A fail s x a | C ok p x 0a", "A info s x a | C ok p x 0a"),
    ("G1a", "A fail s x a | C ok p x 0a", "A fail s x a | C dirty p x 0a"),
    ("G1a", "A fail s x a | C ok p x 0a", "A fail s x a | C info p x 0a"),
    ("G1a", "A fail s x a, s y b | C ok p y 0b", "A fail s x a, s y b | C ok p x 0b"),
    ("precommitted-read", "A ok s x a 0, p x 0a", "A ok s x a 0 | A ok p x 0a"),
    ("precommitted-read", "A ok p x 0a, s x a 0", "A ok p x 0a, s x b 1"),
    ("G0", "A ok s x a 0, s y b 1 | B ok s x c 1, s y d 0", "A ok s x a 0, s y b 0 | B ok s x c 1, s y d 1"),
    ("G1c", "A ok s x a 0, p y 0b | B ok s y b 0, p x 0a", "A ok s x a 0, p y 0b | B ok s y b 0, p x 1c"),
    ("G1c", "A ok s x a 0, p y 0b | B ok s y b 0, p x 0a", "A ok s x a 0 | B ok s y b 0, p x 0a | A ok p y 0b"),
    ("G1c with ww", "A ok s x a 0, p y 0d | B ok s x c 1, s y d 0", "A ok s x a 1, p y 0d | B ok s x c 0, s y d 0"),
    ("G1c with ww", "A ok s x a 0, p y 0d | B ok s x c 1, s y d 0", "A ok s x a 0, p y 0d | B fail s x c, s y d"),
    (
        "G-single",
        "T ok p x 0a, p y 0b | A ok s x a 0 | B ok s x c 1, s y b 0",
        "T ok p x 0a 1c, p y 0b | A ok s x a 0 | B ok s x c 1, s y b 0",
    ),
    (
        "G2",
        "T ok p x 0a, s y d 1 | U ok p y 0b, s x c 1 | A ok s x a 0 | B ok s y b 0",
        "T ok p x 0a 1c, s y d 1 | U ok p y 0b, s x c 1 | A ok s x a 0 | B ok s y b 0",
    ),
    ("poll-skip", "C ok p x 0a | D ok p x 1b | C ok p x 2c", "C ok p x 0a | D ok p x 1b | C ok p x 1b"),
    ("poll-skip", "C ok p x 0a | D ok p x 1b | C ok p x 2c", "C ok p x 0a | C ok p x 2c"),
    ("poll-skip", "C ok p x 0a | A ok s x b 1 | C ok p x 2c", "C ok p x 0a | A ok s x b 1 | C ok m x | C ok p x 2c"),
    ("poll-skip by rebalance", "C sub p x 0a | D ok p x 1b | C sub p x 2c", "C sub p x 0a | C sub p x 2c"),
    ("nonmonotonic-poll", "C ok p x 0a 1b | C ok p x 1b", "C ok p x 0a 1b | C ok p x 2c"),
    ("nonmonotonic-poll", "C ok p x 0a 1b | C ok p x 0a", "C ok p x 0a 1b | D ok p x 0a"),
    ("nonmonotonic-poll", "C ok p x 0a 1b | C ok p x 0a", "C ok p x 0a 1b | C fail p x 0a"),
    ("nonmonotonic-poll by rebalance", "C sub p x 0a 1b | C sub p x 1b", "C sub p x 0a 1b | C sub p y 1b"),
    ("int-poll-skip", "D ok p x 1b | C ok p x 0a, p x 2c", "D ok p x 1b | C reb p x 0a, p x 2c"),
    ("int-poll-skip", "D ok p x 1b | C ok p x 0a 2c", "C ok p x 0a 2c"),
    ("int-nonmonotonic-poll", "C ok p x 0a 1b, p x 1b", "C reb p x 0a 1b, p x 1b"),
    ("int-nonmonotonic-poll", "C ok p x 1b 0a", "C ok p x 0a 1b"),
    ("nonmonotonic-send", "A ok s x a 1 | A ok s x b 0", "A ok s x a 0 | A ok s x b 1"),
    ("nonmonotonic-send", "A ok s x a 1 | A ok s x b 0", "A ok s x a 1 | B ok s x b 0"),
    ("nonmonotonic-send", "A info s x a | A ok s x b 0 | C ok p x 0b 1a", "A info s x a | A ok s x b 0 | C ok p x 0b"),
    ("int-send-skip", "A ok s x a 0, s x b 2 | C ok p x 1c", "A ok s x a 0, s x b 2"),
    ("int-nonmonotonic-send", "A ok s x a 1, s x b 0", "A ok s x a 1, s y b 0"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "with_it", "nearly"), TABLE)
def test_an_anomaly_is_found_and_what_is_nearly_one_is_not(name, with_it, nearly):
    assert name in check(history(with_it)).anomalies
    assert name not in check(history(nearly)).anomalies


def test_the_table_has_every_anomaly():
    assert {name for name, _, _ in TABLE} == set(BAD) | set(ALLOWED)


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_is_reported_and_not_bad(name):
    with_it = next(text for one, text, _ in TABLE if one == name)
    verdict = check(history(with_it))
    assert name in verdict.anomalies and name not in verdict.bad


@pytest.mark.parametrize("name", BAD)
def test_what_is_bad_is_bad_unless_it_is_allowed_here(name):
    with_it = next(text for one, text, _ in TABLE if one == name)
    assert name in check(history(with_it)).bad
    assert name not in check(history(with_it), allowed=(name,)).bad


def test_a_quiet_history_has_nothing():
    verdict = check(history("A ok s x a 0 | A ok s x b 1 | C ok p x 0a | C ok p x 1b | D ok p x 0a 1b | end"))
    assert verdict.anomalies == {}


def test_a_gap_of_control_records_is_no_gap():
    assert check(history("C ok p x 0a 1b | C ok p x 3c | C ok p x 7d")).anomalies == {}


def test_a_sentence_says_who_and_what():
    verdict = check(history("A ok s x a 0 | B ok s x b 1 | C ok p x 1b"))
    assert verdict.anomalies["lost-write"] == ["A sent a to x; it was never read, though offset 1 was."]
