"""One commit a poll, up to the position."""


def consume(consumer, handle):
    while True:
        records = consumer.poll()
        if records is None:
            return
        for record in records:
            handle(record)
        partitions = {record.partition for record in records}
        if partitions:
            consumer.commit({partition: consumer.position(partition) for partition in partitions})
