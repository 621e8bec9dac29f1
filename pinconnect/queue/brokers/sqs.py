"""The queue in Amazon SQS: nothing to run, at least once."""

from typing import Any

from botocore.config import Config
from django.conf import settings
from django_q.brokers.aws_sqs import Sqs

from pinconnect.queue.brokers.watched import Watched


class SqsBroker(Watched, Sqs):
    """django-q2's SQS broker with an address of its own, limits on waiting, and queue names that belong together."""

    def get_queue(self) -> Any:
        """The queue `pinconnect` or `pinconnect-prepare`, made when it is not there."""
        patience = Config(connect_timeout=3, read_timeout=15, retries={"total_max_attempts": 2})
        endpoint = settings.SQS_ENDPOINT_URL or None
        self.sqs = self.connection.resource("sqs", endpoint_url=endpoint, config=patience)
        name = queue_name(self.list_key)
        try:
            return self.sqs.get_queue_by_name(QueueName=name)
        except self.sqs.meta.client.exceptions.QueueDoesNotExist:
            return self.sqs.create_queue(QueueName=name)


def queue_name(cluster: str) -> str:
    site = str(settings.Q_CLUSTER["name"])
    return site if cluster == site else f"{site}-{cluster}"
