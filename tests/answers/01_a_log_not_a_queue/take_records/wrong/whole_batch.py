"""Gives the whole batch, as it came."""

def take_records(position, batches, max_records):
    wanted = tuple(record for _, _, records in batches for record in records)
    given = wanted[:max_records]
    if len(given) == max_records:
        return given, given[-1][0] + 1
    return given, max(position, batches[-1][1] + 1) if batches else position
