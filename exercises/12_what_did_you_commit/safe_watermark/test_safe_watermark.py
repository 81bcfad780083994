"""Judges your answer.py, one test for each check: pytest exercises/12_what_did_you_commit"""

from minikafka.grading.pytest_checks import checks_of

test_safe_watermark = checks_of("12/safe_watermark", __file__)
