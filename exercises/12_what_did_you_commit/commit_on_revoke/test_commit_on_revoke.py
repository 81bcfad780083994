"""Judges your answer.py, one test for each check: pytest exercises/12_what_did_you_commit"""

from minikafka.grading.pytest_checks import checks_of

test_commit_on_revoke = checks_of("12/commit_on_revoke", __file__)
