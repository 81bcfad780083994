"""Returns what it has done."""


def consume(consumer, handle):
    while (records := consumer.poll()) is not None:
        done = {}
        for record in records:
            handle(record)
            done[record.partition] = record.offset + 1
        consumer.commit(done)
    return "all of it"
