"""Judges your answer.py, one test for each check: pytest exercises/06_who_leads"""

from minikafka.grading.pytest_checks import checks_of

test_zombie = checks_of("06/zombie", __file__)
