"""One batch, and then the rest."""

def take_records(position, batches, max_records):
    if not batches or max_records == 0:
        return (), position
    (_, last, records), rest = batches[0], batches[1:]
    mine = tuple(record for record in records if record[0] >= position)
    if len(mine) > max_records:
        return mine[:max_records], mine[max_records - 1][0] + 1
    more, end = take_records(max(position, last + 1), rest, max_records - len(mine))
    return mine + more, end
