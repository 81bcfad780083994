"""Commits, then works."""


def consume(consumer, handle):
    while (records := consumer.poll()) is not None:
        consumer.commit({record.partition: record.offset + 1 for record in records})
        for record in records:
            handle(record)
