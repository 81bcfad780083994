"""What the server says of itself on standard error: lines for people, or (`--log-format json`) an object a line.

    2026-01-05 10:00:00,000 minikafka.serve: stopping
    {"at": "2026-01-05T10:00:00.000Z", "level": "INFO", "logger": "minikafka.serve", "said": "stopping"}

What we leave out: Kafka's own log4j patterns, and the `request.log`.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """One object a line; a traceback is a field of it."""

    def __init__(self, node: str = "") -> None:
        super().__init__()
        self.node = node
        """The process it comes from, where there are several."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            **({"node": self.node} if self.node else {}),
            "said": record.getMessage(),
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)


def set_up(as_json: bool = False, node: str = "") -> None:
    """Everything from INFO on goes to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    words = f"%(asctime)s {node} %(name)s: %(message)s" if node else "%(asctime)s %(name)s: %(message)s"
    handler.setFormatter(JsonLines(node) if as_json else logging.Formatter(words))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
