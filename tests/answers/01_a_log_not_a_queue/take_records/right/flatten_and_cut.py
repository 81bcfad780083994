"""A flat list, cut in two; the position is that of the first one left over."""

def take_records(position, batches, max_records):
    flat = [record for batch in batches for record in batch[2] if record[0] >= position]
    given, left = flat[:max_records], flat[max_records:]
    if left:
        return tuple(given), left[0][0]
    return tuple(given), max([position, *(last + 1 for _, last, _ in batches)])
