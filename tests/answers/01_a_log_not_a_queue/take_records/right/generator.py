"""Takes from a generator until it has enough."""

from itertools import islice


def take_records(position, batches, max_records):
    def there_is():
        for _, _, records in batches:
            yield from (record for record in records if record[0] >= position)

    stream = there_is()
    given = tuple(islice(stream, max_records))
    if next(stream, None) is not None:
        return given, given[-1][0] + 1
    return given, max((last + 1 for _, last, _ in batches if last >= position), default=position)
