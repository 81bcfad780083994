attack = [
    (0, "send", "m0"),
    (700, "cut", 2, "brokers"),
    (710, "send", "a", {"acks": "1", "to": 1}),
    (720, "send", "b", {"acks": "1", "to": 1}),
    (2_000, "crash", 1),
    (13_000, "send", "c", {"acks": "1", "to": 2}),
    (14_000, "crash", 2),
    (25_000, "send", "d", {"acks": "1", "to": 3}),
]
