"""Works on the newest first."""


def consume(consumer, handle):
    while (records := consumer.poll()) is not None:
        done = {}
        for record in reversed(records):
            handle(record)
            done[record.partition] = record.offset + 1
        consumer.commit(done)
