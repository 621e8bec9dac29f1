"""The queue in the application's own database: nothing else to run."""

from django_q.brokers.orm import ORM

from pinconnect.queue.brokers.watched import Watched


class DatabaseBroker(Watched, ORM):
    """django-q2's ORM broker: at least once."""
