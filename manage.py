#!/usr/bin/env python
"""Django's command line for PinConnect."""

import os
import sys


def main() -> None:
    if sys.argv[1:] == ["new_field_key"]:
        # The first key has to be made before there are any settings.
        from cryptography.fernet import Fernet

        sys.stdout.write(Fernet.generate_key().decode() + "\n")
        return
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
