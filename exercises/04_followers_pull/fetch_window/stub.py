"""04/fetch_window: how far may this one read? README.md beside this file says what is asked."""


def fetch_window(
    log_start: int, high_watermark: int, log_end: int, fetch_offset: int, replica_id: int, replicas: tuple[int, ...]
) -> tuple[int, int]:
    raise NotImplementedError("how far may this one read?")
