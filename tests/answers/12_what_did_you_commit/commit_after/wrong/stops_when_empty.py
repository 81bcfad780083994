"""Takes an empty poll for the end."""


def consume(consumer, handle):
    while records := consumer.poll():
        done = {}
        for record in records:
            handle(record)
            done[record.partition] = record.offset + 1
        consumer.commit(done)
