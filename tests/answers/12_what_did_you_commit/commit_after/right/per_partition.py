"""Partition by partition."""


def consume(consumer, handle):
    for records in iter(consumer.poll, None):
        for partition in sorted({record.partition for record in records}):
            mine = [record for record in records if record.partition == partition]
            for record in mine:
                handle(record)
            if not consumer.commit({partition: mine[-1].offset + 1}):
                break
