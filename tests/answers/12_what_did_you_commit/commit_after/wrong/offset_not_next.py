"""Commits the last record itself."""


def consume(consumer, handle):
    while (records := consumer.poll()) is not None:
        done = {}
        for record in records:
            handle(record)
            done[record.partition] = record.offset
        consumer.commit(done)
