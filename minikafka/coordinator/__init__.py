"""Decide, append, replay: how everything that coordinates keeps its state in a log."""
