"""Goes to the end of the batch in which the limit was met."""

def take_records(position, batches, max_records):
    wanted = tuple(record for _, _, records in batches for record in records if record[0] >= position)
    given = wanted[:max_records]
    if len(given) == max_records:
        return given, next(last + 1 for _, last, _ in batches if last >= given[-1][0])
    return given, max(position, batches[-1][1] + 1) if batches else position
