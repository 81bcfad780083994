"""Goes on with the rest of the poll."""


def consume(consumer, handle):
    while (records := consumer.poll()) is not None:
        for record in records:
            handle(record)
            consumer.commit({record.partition: record.offset + 1})
