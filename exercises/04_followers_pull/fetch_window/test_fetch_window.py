"""Judges your answer.py, one test for each check: pytest exercises/04_followers_pull"""

from minikafka.grading.pytest_checks import checks_of

test_fetch_window = checks_of("04/fetch_window", __file__)
