"""07/break_high_watermark: one cut, one crash, one record less. README.md has the rules. This file is read, not run."""

attack = [
    (0, "send", "tea", {"acks": "all", "to": 1}),
]
