"""Stops at the first offset that is missing."""

def take_records(position, batches, max_records):
    given = []
    for _, _, records in batches:
        for record in records:
            if record[0] < position or len(given) == max_records:
                continue
            if record[0] != position + len(given):
                return tuple(given), position + len(given)
            given.append(record)
    return tuple(given), position + len(given)
