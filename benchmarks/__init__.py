"""Numbers with their conditions: `make bench`. Nothing here is a test, since a busy machine is no mistake of ours."""
