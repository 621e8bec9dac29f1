"""Django's registration of the queue app."""

from django.apps import AppConfig


class QueueConfig(AppConfig):
    name = "pinconnect.queue"
    label = "pinconnect_queue"
