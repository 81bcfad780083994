attack = [
    (0, "send", "rum"),
    (1_000, "cut", 1, "controllers"),
    (9_498, "crash", 2),
]
