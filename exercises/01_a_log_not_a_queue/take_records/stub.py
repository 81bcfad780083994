"""01/take_records: what does the program get, and where do you stand? README.md beside this file says what is asked."""


def take_records(
    position: int, batches: tuple[tuple[int, int, tuple[tuple[int, bytes | None], ...]], ...], max_records: int
) -> tuple[tuple[tuple[int, bytes | None], ...], int]:
    raise NotImplementedError("what does it get, and where do you stand?")
