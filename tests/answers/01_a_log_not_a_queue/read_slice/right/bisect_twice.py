"""Finds both ends by halving."""

from bisect import bisect_left, bisect_right


def read_slice(spans, fetch_offset, end_offset, max_bytes, at_least_one):
    first = bisect_left(spans, fetch_offset, key=lambda span: span[1])
    last = bisect_left(spans, end_offset, key=lambda span: span[0])
    if first >= last:
        return 0, 0
    start = spans[first][2]
    stop = bisect_right(spans, start + max_bytes, first, last, key=lambda span: span[2] + span[3])
    if stop == first:
        if not at_least_one:
            return 0, 0
        stop = first + 1
    return start, spans[stop - 1][2] + spans[stop - 1][3]
