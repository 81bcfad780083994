"""Never comes back."""

def ack_decision(p, v):
    while True:
        pass
