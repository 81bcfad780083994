"""A commit for each record; on to the next poll when one is refused."""


def consume(consumer, handle):
    while (records := consumer.poll()) is not None:
        for record in records:
            handle(record)
            if not consumer.commit({record.partition: record.offset + 1}):
                break
