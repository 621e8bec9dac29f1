"""What about deliveries, runs and audiences needs a person's attention, in words."""

from typing import Any

from django.urls import reverse

from audiences import decision_links
from pinconnect.alerts import registry
from pinconnect.alerts.registry import AlertKind, Severity
from pinconnect.pinterest.limits import MIN_AUDIENCE_SIZE


def _run_page(context: dict[str, Any]) -> str:
    return reverse("audiences:run-detail", args=[context["slug"], context["run_id"]])


def _delivery_page(context: dict[str, Any]) -> str:
    return reverse("audiences:delivery-detail", args=[context["slug"], context["delivery_id"]])


def _erasure_page(context: dict[str, Any]) -> str:
    return reverse("audiences:erasure-detail", args=[context["slug"], context["erasure_id"]])


ALERT_KINDS = (
    AlertKind(
        "audiences.run_held",
        Severity.WARNING,
        "“{delivery}” waits for your approval",
        "Run {run} would {change}. Nothing was sent yet.",
        "Look at the numbers, then approve or reject the run.",
        _run_page,
        lambda context, user_id: decision_links.address(context["run_id"], user_id),
        "Look and decide",
    ),
    AlertKind(
        "audiences.run_failed",
        Severity.CRITICAL,
        "“{delivery}” did not finish",
        "Run {run} failed: {what}",
        "{todo}",
        _run_page,
    ),
    AlertKind(
        "audiences.delivery_paused",
        Severity.CRITICAL,
        "“{delivery}” is paused",
        "{what}",
        "{todo}",
        _delivery_page,
    ),
    AlertKind(
        "audiences.standby_sends",
        Severity.WARNING,
        "“{delivery}” is sent by its standby profile",
        "Pinterest refused {profile} ({what}), so {standby} has taken over. Nothing is missing from the list.",
        "Put {profile} right: it takes over again by itself.",
        _delivery_page,
    ),
    AlertKind(
        "audiences.pinterest_trouble",
        Severity.WARNING,
        "“{delivery}” cannot reach Pinterest",
        "Pinterest has not answered run {run} for a while. The run tries again by itself and loses nothing.",
        "Look at Pinterest’s status page and at this machine’s connection. Otherwise there is nothing to do.",
        _run_page,
    ),
    AlertKind(
        "audiences.list_gone",
        Severity.CRITICAL,
        "The list of “{delivery}” is gone from Pinterest",
        "Pinterest no longer knows the customer list “{list}”, so nothing can be delivered to it.",
        "{todo}",
        _delivery_page,
    ),
    AlertKind(
        "audiences.records_refused",
        Severity.WARNING,
        "Pinterest refused {refused} records of “{delivery}”",
        "They were set apart in run {run}; Pinterest took everything else.",
        "Look at the refused records on the run’s page.",
        _run_page,
    ),
    AlertKind(
        "audiences.audience_missing",
        Severity.WARNING,
        "“{delivery}” has a list, but no audience yet",
        "Pinterest has not let us make an audience of the customer list “{list}”, so ads cannot use it.",
        "If the list has been ready for a day, check in Pinterest Ads Manager that the ad account may use audiences.",
        _delivery_page,
    ),
    AlertKind(
        "audiences.too_small",
        Severity.INFO,
        "The audience “{audience}” is too small",
        f"Pinterest found fewer than {MIN_AUDIENCE_SIZE} of its users in it, so ads cannot target it yet.",
        "If it stays so for 48 hours, it needs more people, or a second kind of identifier for the same people. A "
        "delivery that only takes people out cannot make it larger.",
        _delivery_page,
    ),
    AlertKind(
        "audiences.still_matching",
        Severity.INFO,
        "Pinterest is still matching “{audience}”",
        "Three days have passed since the last change, and Pinterest has not said that the audience is ready.",
        "Look at the list in Pinterest Ads Manager, and ask Pinterest’s support if it stays so.",
        _delivery_page,
    ),
    AlertKind(
        "audiences.erasure_waiting",
        Severity.WARNING,
        "An erasure is not acknowledged everywhere",
        "{waiting} of {lists} lists have not acknowledged erasure {erasure_id} within an hour. It is tried again by "
        "itself until they do.",
        "Look at the erasure’s page: it says what stands in the way of each list.",
        _erasure_page,
    ),
    AlertKind(
        "audiences.files_lost",
        Severity.CRITICAL,
        "The files of “{delivery}” are gone",
        "What run {run} had prepared is not in storage any more, and cannot be prepared again. Pinterest has taken "
        "some of it, so the run waits instead of guessing.",
        "Put the storage folder back from a backup. The run then goes on by itself within a quarter of an hour.",
        _run_page,
    ),
    AlertKind(
        "audiences.run_stuck",
        Severity.WARNING,
        "“{delivery}” has not moved for a while",
        "Run {run} is {state} and nothing has happened since {since}.",
        "Check that a worker is running: python manage.py worker. If one is, its log says what fails. The run goes on "
        "by itself.",
        _run_page,
    ),
)
registry.register(*ALERT_KINDS)
