"""The queue in Redis: fast, and at most once, which hints can bear."""

from typing import Any

import redis
from django_q.brokers.redis_broker import Redis
from django_q.conf import Conf

from pinconnect.queue.brokers.watched import Watched


class RedisBroker(Watched, Redis):
    """django-q2's Redis broker, which by itself waits for an unreachable server without limit."""

    @staticmethod
    def get_connection(list_key: str | None = None) -> Any:
        return redis.Redis.from_url(Conf.REDIS, socket_connect_timeout=3, socket_timeout=10, health_check_interval=30)
