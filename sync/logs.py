"""Log lines: a fixed sentence, then the fields that belong to it. No key, no body, no personal data."""

import json
import logging
import os
from datetime import UTC, datetime

_KNOWN = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}


class FieldsFormatter(logging.Formatter):
    """One line an entry: moment, level, sentence, fields as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        fields = {name: value for name, value in record.__dict__.items() if name not in _KNOWN}
        line = f"{moment} {record.levelname.lower()} {record.getMessage()} {json.dumps(fields, default=str)}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def log_to_stderr() -> None:
    """Each line: a fixed sentence, then its fields; `action` always among them."""
    handler = logging.StreamHandler()
    handler.setFormatter(FieldsFormatter())
    logging.basicConfig(level=os.environ.get("CHERRYLANE_LOG", "INFO"), handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
