"""What the log leaves out."""

import logging

from django.core.exceptions import PermissionDenied


class RefusalFilter(logging.Filter):
    """Drop the traceback of a page that was refused for want of a right; lets every record through.

    Django logs one with each such answer. It says nothing beyond the address, and who asks for many forbidden pages
    would bury the tracebacks that tell of real errors. It belongs on the logger, so that every handler is spared.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], PermissionDenied):
            record.exc_info = None
        return True
