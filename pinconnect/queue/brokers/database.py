"""The queue in the application's own database: nothing else to run."""

from time import sleep
from typing import Any

from django.db import connections
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

from pinconnect.queue.brokers.watched import Tasks, Watched


class Quiet(ORM):
    """Asks in one plain statement whether there is anything, as it does some times a second all day long."""

    def dequeue(self) -> Tasks:
        queue = self.get_connection()
        connection = connections[queue.db]
        lock = OrmQ._meta.get_field("lock").get_db_prep_value(timezone.now(), connection)
        # Nothing but the name of a table is put in.
        table, *columns = map(connection.ops.quote_name, (OrmQ._meta.db_table, "key", "lock"))
        sql = f"SELECT 1 FROM {table} WHERE {columns[0]} = %s AND {columns[1]} < %s LIMIT 1"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(sql, [self.list_key, lock])
            is_empty = cursor.fetchone() is None
        if is_empty:
            sleep(Conf.POLL)
            return None
        tasks: Any = super().dequeue()
        return tasks


class DatabaseBroker(Watched, Quiet):
    """django-q2's ORM broker: at least once."""
