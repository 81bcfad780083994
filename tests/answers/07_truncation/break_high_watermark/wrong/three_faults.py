attack = [
    (1_000, "cut", 1, "controllers"),
    (9_300, "send", "rum"),
    (9_498, "crash", 2),
    (9_499, "cut", 3, "brokers"),
]
