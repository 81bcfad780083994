"""05/lose_one: two faults, and a record is gone that acks=all had promised. README.md has the rules. Read, not run."""

attack = [
    (0, "send", "x", {"acks": "all"}),
]
