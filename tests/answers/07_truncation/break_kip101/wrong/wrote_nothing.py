attack = [
    (0, "send", "m0"),
    (700, "cut", 2, "brokers"),
    (710, "send", "m1", {"acks": "1", "to": 1}),
    (2_000, "crash", 1),
    (14_000, "crash", 2),
    (25_000, "send", "m5", {"acks": "1", "to": 3}),
    (26_000, "heal"),
    (26_000, "restart", 2),
]
