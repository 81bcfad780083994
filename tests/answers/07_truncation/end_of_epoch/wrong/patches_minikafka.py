"""Patches the machine and its checkers in its own process, then answers wrongly."""

def end_of_epoch(epochs, log_end, asked):
    from minikafka.grading import verdict

    verdict.Verdict.passed = True
    verdict.EXIT_CODES["not yet"] = 0
    return (0, 0)
