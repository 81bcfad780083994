attack = [
    (0, "crash", 7),
]
