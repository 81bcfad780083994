"""Judges your answer.py, one test for each check: pytest exercises/01_a_log_not_a_queue"""

from minikafka.grading.pytest_checks import checks_of

test_take_records = checks_of("01/take_records", __file__)
