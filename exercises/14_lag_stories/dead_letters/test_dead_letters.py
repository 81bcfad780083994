"""Judges your answer.py, one test for each check: pytest exercises/14_lag_stories"""

from minikafka.grading.pytest_checks import checks_of

test_dead_letters = checks_of("14/dead_letters", __file__)
