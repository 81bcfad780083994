"""Not Python."""

a_cause = "d
