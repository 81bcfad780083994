"""One recorded run: its steps, messages and facts, and the sentences that tell it."""
