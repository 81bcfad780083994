"""What nodes say to each other and to us: messages, record batches, error codes, facts."""
