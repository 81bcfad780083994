"""Judges your answer.py, one test for each check: pytest exercises/12_what_did_you_commit"""

from minikafka.grading.pytest_checks import checks_of

test_commit_after = checks_of("12/commit_after", __file__)
