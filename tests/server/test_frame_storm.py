"""A server is sent malformed frames of each kind; `make proof` sends ten thousand, and fuzzes the codec by coverage."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import frame_storm
import fuzz_one
from frame_storm import ANSWERED, CLOSED, KINDS, WAITED_FOR, Frame, Maker

from minikafka.protocol.records import CorruptBatch
from minikafka.server import codec
from minikafka.server.versions import API_VERSIONS

METADATA = 3
NOBODY: dict[str, Any] = {"brokers": [], "topics": []}
QUESTION = codec.request_frame(METADATA, 9, 7, "storm", {"topics": []})


@pytest.mark.skipif(sys.platform == "win32", reason="the server is ended by SIGTERM")
def test_all_kinds_are_sent_and_another_client_is_served() -> None:
    told = frame_storm.storms(2026, 0, 10 * len(KINDS))
    assert {kind: sum(came.values()) for kind, came in told["came"].items()} == dict.fromkeys(KINDS, 10)
    assert told["others"] == len(KINDS) + 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_makes_the_same_frames(kind: str) -> None:
    one, other = (KINDS[kind](Maker(Random(5), 1)) for _ in range(2))
    assert one == other
    assert one.may


# --- a storm that would be blind ---


def answer(number: int = 7) -> bytes:
    return b"".join(codec.response_frame(METADATA, 9, number, NOBODY))[codec.SIZE_BYTES :]


@pytest.mark.parametrize(
    ("may", "came", "data", "why"),
    [
        ((CLOSED,), CLOSED, b"", ""),
        ((CLOSED,), ANSWERED, answer(), "answered, and not closed"),
        ((CLOSED,), WAITED_FOR, b"", "waited for, and not closed"),
        ((WAITED_FOR,), CLOSED, b"", "closed, and not waited for"),
        ((CLOSED, ANSWERED), ANSWERED, answer(), ""),
        ((CLOSED, ANSWERED), ANSWERED, answer(8), "an answer to another question"),
    ],
)
def test_what_should_not_come_of_a_frame_is_found_out(may: tuple[str, ...], came: str, data: bytes, why: str) -> None:
    frame = Frame(QUESTION, may)
    if not why:
        frame_storm.judge(frame, came, data)
        return
    with pytest.raises(AssertionError, match=why):
        frame_storm.judge(frame, came, data)


def test_an_answer_that_cannot_be_read_is_found_out() -> None:
    with pytest.raises(codec.CodecError):
        frame_storm.judge(Frame(QUESTION), ANSWERED, answer()[:-1])


def test_another_error_than_kafkas_is_found_out() -> None:
    frame = KINDS["a wrong checksum"](Maker(Random(1), 1))
    number = int.from_bytes(frame.data[8:12], "big")
    for error in (2, 0, 87):
        partition = {"index": 0, "error_code": error, "base_offset": -1, "record_errors": []}
        body = {"responses": [{"name": "storm", "partition_responses": [partition]}]}
        data = b"".join(codec.response_frame(0, 9, number, body))[codec.SIZE_BYTES :]
        if error == 2:
            frame_storm.judge(frame, ANSWERED, data)
        else:
            with pytest.raises(AssertionError, match=f"answered with error {error}"):
                frame_storm.judge(frame, ANSWERED, data)


def test_the_answer_to_an_unknown_version_of_api_versions_is_read_as_version_0() -> None:
    itself = {"client_software_name": "storm", "client_software_version": "1"}
    question = codec.request_frame(API_VERSIONS, 4, 7, "storm", itself)
    frame = Frame(question[:6] + (99).to_bytes(2, "big") + question[8:], (ANSWERED,), (35,))
    data = b"".join(codec.response_frame(API_VERSIONS, 0, 7, {"error_code": 35, "api_keys": []}))[codec.SIZE_BYTES :]
    frame_storm.judge(frame, ANSWERED, data)


def test_mistakes_in_the_log_are_found_out() -> None:
    lines = ['{"level": "INFO", "said": "closed. ERROR"}', '{"level": "WARNING", "said": "full"}']
    wrong = ['{"level": "ERROR", "said": "no answer"}', "Fatal Python error: Segmentation fault"]
    assert frame_storm.complaints_in("\n".join(lines)) == []
    assert frame_storm.complaints_in("\n".join(lines + wrong)) == wrong


# --- what the fuzzer judges ---


def inputs() -> list[bytes]:
    return [data for _, data in fuzz_one.right_ones(Random(3))]


def test_right_messages_and_what_chance_makes_of_them_pass() -> None:
    chance = Random(4)
    for data in inputs():
        fuzz_one.judge(data)
        broken = bytearray(data)
        for _ in range(3):
            broken[chance.randrange(2, len(broken) + 1) - 1] ^= 1 << chance.randrange(8)
        fuzz_one.judge(bytes(broken))


def test_a_codec_that_raises_something_else_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(*_: Any) -> Any:
        raise IndexError

    monkeypatch.setattr(codec, "decode", decode)
    with pytest.raises(IndexError):
        fuzz_one.judge(inputs()[0])


def test_a_codec_that_writes_another_message_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    encode = codec.encode

    def forgetful(key: int, version: int, direction: Any, body: dict[str, Any]) -> Any:
        return encode(key, version, direction, body | {"throttle_time_ms": 0})

    number = fuzz_one.MESSAGES.index((METADATA, 9, "response"))
    right = number.to_bytes(2, "big") + b"".join(encode(METADATA, 9, "response", NOBODY | {"throttle_time_ms": 9}))
    fuzz_one.judge(right)
    monkeypatch.setattr(codec, "encode", forgetful)
    with pytest.raises(AssertionError, match="another message"):
        fuzz_one.judge(right)


def test_records_that_raise_something_else_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    records = inputs()[-1]
    fuzz_one.judge(records)

    class Careless(fuzz_one.RecordBatch):
        def records(self) -> Any:
            raise IndexError

    monkeypatch.setattr(fuzz_one, "sealed", lambda data: Careless(bytes(data)))
    monkeypatch.setattr(Careless, "check", lambda _: None)
    with pytest.raises(IndexError):
        fuzz_one.judge(records)
    monkeypatch.setattr(Careless, "check", lambda _: (_ for _ in ()).throw(CorruptBatch("no")))
    fuzz_one.judge(records)
