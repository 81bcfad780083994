"""A plain tuple will do."""


def choose_start(committed, first_run, log_start, end, allow_gap):
    if committed in range(log_start, end + 1):
        return ("read", committed, None, False)
    if committed is None and first_run:
        return ("read", log_start, None, False)
    if committed is None or committed > log_start:
        return ("stop", None, None, True)
    if allow_gap:
        return ("read", log_start, (committed, log_start), True)
    return ("stop", None, (committed, log_start), True)
