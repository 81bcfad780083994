"""`python -m minikafka`: the same as the command `minikafka`."""

from minikafka.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
