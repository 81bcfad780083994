"""Leaves in good order, and commits its position."""


def consume(consumer, handle):
    while (records := consumer.poll()) is not None:
        try:
            for record in records:
                handle(record)
        finally:
            consumer.commit({partition: consumer.position(partition) for partition in {one.partition for one in records}})
