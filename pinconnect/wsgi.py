"""What the web server loads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pinconnect.settings")
application = get_wsgi_application()

# The models can be read only now. A server must not start on the accounts of a demo.
from pinconnect.workspaces.checks import refuse_demo_data  # noqa: E402

refuse_demo_data()
