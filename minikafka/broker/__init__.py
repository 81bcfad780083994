"""Brokers: they hold replicas, lead some of them, and follow the rest."""
