"""Judges your answer.py, one test for each check: pytest exercises/06_who_leads"""

from minikafka.grading.pytest_checks import checks_of

test_elect_leader = checks_of("06/elect_leader", __file__)
