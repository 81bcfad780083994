"""Repeats a refused commit until it is taken."""


def consume(consumer, handle):
    while (records := consumer.poll()) is not None:
        done = {}
        for record in records:
            handle(record)
            done[record.partition] = record.offset + 1
        while not consumer.commit(done):
            pass
