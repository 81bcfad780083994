"""Judges your answer.py, one test for each check: pytest exercises/14_lag_stories"""

from minikafka.grading.pytest_checks import checks_of

test_out_of_range = checks_of("14/out_of_range", __file__)
