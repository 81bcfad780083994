"""Judges your answer.py, one test for each diagnosis: pytest exercises/14_lag_stories"""

from minikafka.grading.pytest_checks import checks_of

test_five_traces = checks_of("14/five_traces", __file__)
