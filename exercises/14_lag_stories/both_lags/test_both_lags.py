"""Judges your answer.py, one test for each check: pytest exercises/14_lag_stories"""

from minikafka.grading.pytest_checks import checks_of

test_both_lags = checks_of("14/both_lags", __file__)
