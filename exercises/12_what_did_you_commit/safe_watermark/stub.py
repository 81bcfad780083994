"""12/safe_watermark: how far is everything done? README.md beside this file says what is asked."""


def safe_watermark(
    committed: int | None, delivered: tuple[int, ...], done: frozenset[int], position: int
) -> int | None:
    raise NotImplementedError("how far?")
