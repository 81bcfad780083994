"""Judges your answer.py, one test for each check: pytest exercises/05_acks_all"""

from minikafka.grading.pytest_checks import checks_of

test_isr_rule = checks_of("05/isr_rule", __file__)
