"""Judges your answer.py, one test for each prediction: pytest exercises/12_what_did_you_commit"""

from minikafka.grading.pytest_checks import checks_of

test_crash_table = checks_of("12/crash_table", __file__)
