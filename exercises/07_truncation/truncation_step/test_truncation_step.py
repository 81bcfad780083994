"""Judges your answer.py, one test for each check: pytest exercises/07_truncation"""

from minikafka.grading.pytest_checks import checks_of

test_truncation_step = checks_of("07/truncation_step", __file__)
