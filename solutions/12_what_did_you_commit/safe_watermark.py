def safe_watermark(
    committed: int | None, delivered: tuple[int, ...], done: frozenset[int], position: int
) -> int | None:
    missing = [offset for offset in delivered if offset not in done]
    safe = min(missing, default=position)
    return None if safe == committed else safe
