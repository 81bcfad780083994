attack = [
    (1_000, "cut", 1, "controllers"),
    (9_300, "send", "rum"),
    (9_600, "crash", 2),
]
