attack = [
    (0, "cut", 2, "brokers"),
    (10, "send", "a", {"acks": "1", "to": 1}),
    (2_000, "crash", 1),
    (13_000, "send", "b", {"acks": "1", "to": 2}),
    (14_000, "crash", 2),
    (25_000, "send", "c", {"acks": "1", "to": 3}),
    (26_000, "heal"),
    (27_000, "restart", 2),
]
