"""How gunicorn serves the pages. Read by gunicorn itself: gunicorn -c python:pinconnect.queue.web_server."""

from typing import Any

from pinconnect.queue import tied

worker_class = "gthread"
workers = 2
threads = 4
# A thread may be busy with one upload for an hour; this is only for a process that no longer answers its parent.
timeout = 120
graceful_timeout = 5
keepalive = 5
loglevel = "warning"
# Requests are not logged: paths of invitations hold secrets.
accesslog = None
# gunicorn would open a control socket in the home folder.
control_socket_disable = True


def post_fork(server: Any, worker: Any) -> None:
    """A worker ends with the server, even if that was killed."""
    tied.end_with(server.pid)
