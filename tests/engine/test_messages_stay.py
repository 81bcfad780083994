"""A message never changes after it was made: what arrives is what was sent."""

from __future__ import annotations

from minikafka.protocol.message import message
from minikafka.sim import checkers, explorer, profiles
from minikafka.sim.network import Network


def test_no_message_of_a_schedule_changes_after_it_was_sent(monkeypatch):
    sent = []
    send = Network.send

    def note_and_send(network, one, now):
        sent.append((one.envelope.message, repr(one.envelope.message)))
        send(network, one, now)

    monkeypatch.setattr(Network, "send", note_and_send)
    for profile in profiles.PROFILES:
        explorer.play_number(profile, 2026, 0, checkers.fresh(profile.checkers))
    assert len({type(one) for one, _ in sent}) > 40
    changed = [said for one, said in sent if repr(one) != said]
    assert not changed, changed[:3]


def test_messages_are_compared_and_hashed_by_what_is_in_them():
    @message
    class Question:
        topic: str
        number: int = 0

    assert Question("orders") == Question("orders", 0) != Question("orders", 1)
    assert hash(Question("orders")) == hash(Question("orders", 0))
    assert not hasattr(Question("orders"), "__dict__")
