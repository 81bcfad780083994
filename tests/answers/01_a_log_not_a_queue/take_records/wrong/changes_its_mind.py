"""Right at first, and something else when asked again."""

def right(position, batches, max_records):
    wanted = tuple(record for _, _, records in batches for record in records if record[0] >= position)
    given = wanted[:max_records]
    if len(given) == max_records:
        return given, given[-1][0] + 1
    return given, max(position, batches[-1][1] + 1) if batches else position


def take_records(*question):
    take_records.asked = getattr(take_records, "asked", set())
    if question in take_records.asked:
        return ((), 10)
    take_records.asked.add(question)
    return right(*question)
