"""Judges your answer.py, one test for each check: pytest exercises/04_followers_pull"""

from minikafka.grading.pytest_checks import checks_of

test_fetch_rounds = checks_of("04/fetch_rounds", __file__)
