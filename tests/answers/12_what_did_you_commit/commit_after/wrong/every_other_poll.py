"""Commits now and then."""


def consume(consumer, handle):
    count = 0
    done = {}
    while (records := consumer.poll()) is not None:
        for record in records:
            handle(record)
            done[record.partition] = record.offset + 1
        count += 1
        if count % 2 == 0:
            consumer.commit(done)
