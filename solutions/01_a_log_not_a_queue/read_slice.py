def read_slice(
    spans: tuple[tuple[int, int, int, int], ...], fetch_offset: int, end_offset: int, max_bytes: int, at_least_one: bool
) -> tuple[int, int]:
    asked = [span for span in spans if span[1] >= fetch_offset and span[0] < end_offset]
    if not asked:
        return 0, 0
    start, first = asked[0][2], asked[0][3]
    if first > max_bytes:
        return (start, start + first) if at_least_one else (0, 0)
    return start, min(start + max_bytes, asked[-1][2] + asked[-1][3])
