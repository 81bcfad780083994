attack = [
    (0, "cut", 2, "brokers"),
    (1, "crash", 1),
    (2, "crash", 2),
    (3, "crash", 3),
]
