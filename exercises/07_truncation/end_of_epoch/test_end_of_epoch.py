"""Judges your answer.py, one test for each check: pytest exercises/07_truncation"""

from minikafka.grading.pytest_checks import checks_of

test_end_of_epoch = checks_of("07/end_of_epoch", __file__)
