"""Judges your answer.py, one test for each check: pytest exercises/04_followers_pull"""

from minikafka.grading.pytest_checks import checks_of

test_advance_high_watermark = checks_of("04/advance_high_watermark", __file__)
