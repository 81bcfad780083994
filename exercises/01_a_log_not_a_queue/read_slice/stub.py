"""01/read_slice: which bytes does a reader get? README.md beside this file says what is asked."""


def read_slice(
    spans: tuple[tuple[int, int, int, int], ...], fetch_offset: int, end_offset: int, max_bytes: int, at_least_one: bool
) -> tuple[int, int]:
    raise NotImplementedError("which batch holds fetch_offset, and how far may it go?")
    # for base_offset, last_offset, position, size_bytes in spans: ...
