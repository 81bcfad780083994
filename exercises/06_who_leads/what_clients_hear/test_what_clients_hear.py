"""Judges your answer.py, one test for each prediction: pytest exercises/06_who_leads"""

from minikafka.grading.pytest_checks import checks_of

test_what_clients_hear = checks_of("06/what_clients_hear", __file__)
