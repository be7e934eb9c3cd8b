"""The service's own log lines: a JSON object each, which says of which request it tells where one is at hand."""

import logging
from datetime import UTC, datetime

import orjson

from serving.request_id import id_at_hand

ROOMS = ("decisioning", "features", "serving")


class JsonLine(logging.Formatter):
    """Writes a record as one line of JSON: `at`, `level`, `logger`, `message`, and `request_id` where there is one.

    Tracebacks are left out, for they may show values.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        request_id = id_at_hand()
        return orjson.dumps(told | ({"request_id": request_id} if request_id else {})).decode()


def write_json_lines() -> None:
    """Write what our rooms log to the standard error stream, as lines of JSON and nowhere else."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLine())
    for room in ROOMS:
        logger = logging.getLogger(room)
        logger.handlers = [handler]
        logger.propagate = False
