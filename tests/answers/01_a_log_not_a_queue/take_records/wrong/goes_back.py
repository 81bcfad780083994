"""Stands behind what came, even if it stood further before."""


def take_records(position, batches, max_records):
    wanted = [record for _, _, records in batches for record in records if record[0] >= position]
    given = tuple(wanted[:max_records])
    if len(wanted) > max_records:
        return given, given[-1][0] + 1
    return given, batches[-1][1] + 1
