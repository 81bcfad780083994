"""Judges your answer.py, one test for each check: pytest exercises/05_acks_all"""

from minikafka.grading.pytest_checks import checks_of

test_durability_grid = checks_of("05/durability_grid", __file__)
