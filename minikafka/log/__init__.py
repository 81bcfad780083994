"""The log: what a partition is on one broker's disk. Knows nothing of messages, leaders or clusters."""
