"""Has the product take files of a size that the lists of a storm reach, and live by a clock that can be set."""

import os

from django.apps import AppConfig

from tests.chaos import clock


class Rigged(AppConfig):
    name = "tests.chaos"

    def ready(self) -> None:
        from audiences.services import file_uploads

        if least := int(os.environ.get("CHAOS_FILE_RECORDS", 0)):
            file_uploads.LEAST, file_uploads.MOST, file_uploads.PART_BYTES = least, 2 * least, 3_000
        clock.follow()
