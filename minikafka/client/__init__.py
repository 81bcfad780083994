"""Clients: libraries that live in applications, know brokers only by what they answer, and retry."""
