"""Never comes back."""


def isr_rule(replicas, isr, elr):
    while True:
        pass
