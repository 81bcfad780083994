"""Polls without end."""


def consume(consumer, handle):
    while True:
        consumer.position(0)
