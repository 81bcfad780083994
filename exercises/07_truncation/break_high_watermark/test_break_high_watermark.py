"""Judges your answer.py, one test for each check: pytest exercises/07_truncation"""

from minikafka.grading.pytest_checks import checks_of

test_break_high_watermark = checks_of("07/break_high_watermark", __file__)
