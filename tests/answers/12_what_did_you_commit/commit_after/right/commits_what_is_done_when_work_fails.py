"""Commits what is done even when the work fails."""


def consume(consumer, handle):
    while (records := consumer.poll()) is not None:
        done = {}
        try:
            for record in records:
                handle(record)
                done[record.partition] = record.offset + 1
        finally:
            consumer.commit(done)
