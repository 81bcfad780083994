"""Believes that a batch ends where its records are counted."""

def take_records(position, batches, max_records):
    wanted = tuple(record for _, _, records in batches for record in records if record[0] >= position)
    given = wanted[:max_records]
    if len(given) == max_records:
        return given, given[-1][0] + 1
    return given, max(position, batches[-1][0] + len(batches[-1][2])) if batches else position
