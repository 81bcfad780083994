"""One number for all partitions."""


def consume(consumer, handle):
    while (records := consumer.poll()) is not None:
        for record in records:
            handle(record)
        if records:
            top = max(record.offset for record in records) + 1
            consumer.commit({record.partition: top for record in records})
