"""Goes behind the last record, and stays where there is none."""

def take_records(position, batches, max_records):
    wanted = tuple(record for _, _, records in batches for record in records if record[0] >= position)
    given = wanted[:max_records]
    return given, given[-1][0] + 1 if given else position
