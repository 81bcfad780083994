"""What the modules say of themselves is the fidelity ledger, and each claim that conforms names a test that exists."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import fidelity

CORE = ("protocol", "log", "metadata", "controller", "coordinator", "client", "broker")


def test_the_page_is_what_the_modules_say():
    assert fidelity.PAGE.read_text(encoding="utf-8") == fidelity.page(), "run python tools/fidelity.py"


@pytest.mark.parametrize("verdict", fidelity.VERDICTS)
def test_every_verdict_has_claims(verdict):
    said = [
        claim for room in fidelity.ROOMS
        for claim in fidelity.claims_of(room, fidelity.docstring_of(fidelity.PACKAGE / room / "__init__.py"))
    ]  # fmt: skip
    assert sum(claim.verdict == verdict for claim in said) >= 5


def test_every_module_of_the_core_says_what_it_leaves_out():
    silent = [
        path
        for path, docstring in fidelity.modules()
        if path.split("/")[1] in CORE
        and not path.endswith("__init__.py")
        and "/facts/" not in path
        and not fidelity.left_out(docstring)
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("docstring", "complaint"),
    [
        ("Logs.\n\nHow true is it?\n\n* conforms: All of it | trust us", "names no test that holds it"),
        ("Logs.\n\nHow true is it?\n\n* conforms: All of it | tests/engine/test_nowhere.py", "which does not exist"),
        (
            "Logs.\n\nHow true is it?\n\n* conforms: All of it | tests/engine; docs/agreement/nobody_asked.json",
            "which does not exist",
        ),
        ("Logs.\n\nHow true is it?\n\n* perhaps: All of it | tests/engine", "is no claim"),
        ("Logs.\n\nHow true is it?\n\nAll of it.", "is no claim"),
    ],
)
def test_a_claim_that_does_not_hold_together_is_refused(docstring, complaint):
    with pytest.raises(fidelity.FidelityError, match=complaint):
        fidelity.claims_of("log", docstring)


def test_a_wrapped_claim_is_read_whole():
    docstring = "Logs.\n\nHow true is it?\n\n* simplified: One\n  thing |\n  and another\n* not modelled: Two | three"
    assert fidelity.claims_of("log", docstring) == [
        fidelity.Claim("simplified", "One thing", "and another"),
        fidelity.Claim("not modelled", "Two", "three"),
    ]


def test_a_claim_that_was_put_to_apache_kafka_says_so():
    claim = fidelity.Claim("conforms", "Epochs end", "tests/engine; docs/agreement/07_epochs.json")
    assert fidelity.verdict_of(claim) == "conforms (tested against Apache Kafka 4.4.0)"
    assert fidelity.held(claim) == "`tests/engine`; [07_epochs](agreement.md#07_epochs)"
