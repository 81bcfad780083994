"""Writes a line into a log, and goes on."""


def consume(consumer, handle):
    while (records := consumer.poll()) is not None:
        done = {}
        for record in records:
            try:
                handle(record)
            except Exception as problem:
                print(problem)
            done[record.partition] = record.offset + 1
        consumer.commit(done)
