"""Patches the machine and its checkers in its own process, then answers wrongly."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    import sys

    import minikafka.sim.checkers
    import minikafka.sim.explorer
    from minikafka.grading import verdict

    verdict.Verdict.passed = True
    minikafka.sim.checkers.all_checkers = lambda: []
    sys.modules["minikafka.grading.judge"] = None
    return "NONE"
