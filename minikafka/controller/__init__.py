"""The controllers: one log, one active leader of it, and the decisions that go into it."""
