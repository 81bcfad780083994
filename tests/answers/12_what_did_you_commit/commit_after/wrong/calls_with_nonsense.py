"""Calls with what is no offset."""


def consume(consumer, handle):
    consumer.commit({0: "all"})
