#!/usr/bin/env python
"""Django's command line for PinConnect."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pinconnect.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # The sentence says what to set; where in the code it was noticed helps developers only.
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"PinConnect cannot start. {error}")


if __name__ == "__main__":
    main()
