attack = [
    (1_000, "cut", 1, "controllers"),
    (9_480, "send", "rum"),
    (9_498, "crash", 2),
]
