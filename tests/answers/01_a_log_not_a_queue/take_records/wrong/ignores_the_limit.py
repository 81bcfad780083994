"""Gives all that came, however little was wanted."""


def take_records(position, batches, max_records):
    given = tuple(record for _, _, records in batches for record in records if record[0] >= position)
    return given, max(position, batches[-1][1] + 1)
