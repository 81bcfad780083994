"""Judges your answer.py, one test for each check: pytest exercises/05_acks_all"""

from minikafka.grading.pytest_checks import checks_of

test_isr_leave = checks_of("05/isr_leave", __file__)
