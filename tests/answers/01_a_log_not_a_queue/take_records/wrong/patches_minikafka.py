"""Patches the machine and its checkers in its own process, then answers wrongly."""

def take_records(position, batches, max_records):
    from minikafka.grading import verdict

    verdict.Verdict.passed = True
    verdict.EXIT_CODES["not yet"] = 0
    return ((), 10)
