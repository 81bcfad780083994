"""Believes that an offset counts records."""

def take_records(position, batches, max_records):
    wanted = tuple(record for _, _, records in batches for record in records if record[0] >= position)
    given = wanted[:max_records]
    return given, position + len(given)
