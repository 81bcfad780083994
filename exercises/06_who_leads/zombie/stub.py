"""06/zombie: one fault, and an acknowledged record is gone. README.md has the rules. This file is read, not run."""

attack = [
    (0, "send", "x", {"acks": "all", "to": 1}),
]
