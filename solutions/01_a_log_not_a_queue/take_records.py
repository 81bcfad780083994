def take_records(
    position: int, batches: tuple[tuple[int, int, tuple[tuple[int, bytes | None], ...]], ...], max_records: int
) -> tuple[tuple[tuple[int, bytes | None], ...], int]:
    wanted = tuple(record for _, _, records in batches for record in records if record[0] >= position)
    given = wanted[:max_records]
    if len(given) == max_records:
        return given, given[-1][0] + 1
    return given, max(position, batches[-1][1] + 1)
