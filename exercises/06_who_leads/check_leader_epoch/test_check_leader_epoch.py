"""Judges your answer.py, one test for each check: pytest exercises/06_who_leads"""

from minikafka.grading.pytest_checks import checks_of

test_check_leader_epoch = checks_of("06/check_leader_epoch", __file__)
