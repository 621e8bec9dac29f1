"""A person at the controls of a running installation: one process, asked by lines of JSON, so that asking is cheap.

Started as `python -m tests.chaos.operator` with the installation's environment. It uses the services that the pages
use. `hurry` stands for time that goes by: what waits for a moment to come is due, a missing list has been so for a
while, and the lease of a process that was killed while it renewed a token has run out. All other leases of the killed
are given back by the installation itself.
"""

import errno
import json
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

# Only now: models can be imported once Django is set up. Hence E402 on each of these lines.
from django.core.management import CommandError, call_command  # noqa: E402
from django.db import InterfaceError, OperationalError, connections, transaction  # noqa: E402
from django.db.models import F  # noqa: E402
from django.utils import timezone  # noqa: E402

from audiences.management import choosing  # noqa: E402
from audiences.models import Audience, Batch, Delivery, Erasure, Removal, Run  # noqa: E402
from audiences.people import erasing  # noqa: E402
from audiences.people.lookup import Wanted  # noqa: E402
from audiences.services import deliveries, refilling, runs  # noqa: E402
from audiences.services.refusals import ServiceRefusal  # noqa: E402
from audiences.services.targets import LOOK_UP_AFTER_S  # noqa: E402
from audiences.services.vanished import CONFIRM_S  # noqa: E402
from audiences.states import DeliveryState, RunState  # noqa: E402
from pinconnect.datasets.models import SnapshotState, WriteMode  # noqa: E402
from pinconnect.datasets.services import UploadRefusedError, examine, receive_file  # noqa: E402
from pinconnect.profiles.models import Profile  # noqa: E402
from pinconnect.queue import holders  # noqa: E402
from pinconnect.queue.models import RateLimit  # noqa: E402 -- as the others, after django.setup()


def start(name: str, mode: str, file: str, mapped: list[str], country: str) -> int:
    """Upload a file and start a run of the delivery of that name, made if it is not there; the run's id."""
    workspace = choosing.workspace_named("")
    profile = choosing.profile_named(workspace, "")
    account = choosing.ad_account_numbered(profile, "")
    dataset = choosing.dataset_named(workspace, name)
    snapshot = receive_file(dataset, Path(file), by=None, mode=WriteMode.OVERWRITE, is_examined=False)
    examine(snapshot)
    snapshot.refresh_from_db()
    if snapshot.state != SnapshotState.READY:
        raise UploadRefusedError(snapshot.refusal or str(snapshot.state))
    wish = choosing.Wish(name, name, mode, choosing.columns_of(mapped, country))
    delivery = choosing.delivery_for(dataset, wish, profile, account)
    if delivery.state == DeliveryState.DRAFT:
        return int(deliveries.publish(delivery, by=None).pk)
    return again(name)


def again(name: str) -> int:
    """Start a run of the delivery with what its dataset holds."""
    return int(runs.start(Delivery.objects.get(name=name), by=None, trigger="by_hand").pk)


def cancel(run: int) -> bool:
    return runs.cancel(Run.objects.get(pk=run), by=None)


def erase(digests: list[str]) -> int:
    """Take e-mail addresses off every list, and never send them again."""
    wanted = [Wanted("email", bytes.fromhex(digest)) for digest in digests]
    return int(erasing.request(choosing.workspace_named(""), by=None, wanted=wanted).pk)


def look_after() -> int:
    """Approve what is held, connect again what Pinterest refused, resume what is paused, replace lists that are gone.

    Returns how often something was done.
    """
    done = sum(runs.approve(run, by=None) for run in Run.objects.filter(state=RunState.HELD))
    if not all(profile.is_usable for profile in Profile.objects.all()):
        call_command("demo", "--connect", stdout=sys.stderr)
        done += 1
    for delivery in Delivery.objects.filter(state=DeliveryState.PAUSED):
        deliveries.resume(delivery, by=None)
        done += 1
    for delivery in Delivery.objects.filter(state=DeliveryState.ACTIVE).select_related("audience"):
        # Its last run may not have ended yet.
        with suppress(ServiceRefusal):
            if refilling.is_gone(delivery.audience):
                refilling.start_over(delivery, by=None)
                done += 1
    return done


def hurry() -> None:
    now = timezone.now()
    with transaction.atomic():
        for pk, token in Profile.objects.exclude(lease_token="").values_list("pk", "lease_token"):
            if holders.is_of_the_dead(token):
                Profile.objects.filter(pk=pk, lease_token=token).update(lease_until=now)
        Run.objects.filter(next_attempt_at__gt=now).update(next_attempt_at=now)
        Batch.objects.filter(next_attempt_at__gt=now).update(next_attempt_at=now)
        Removal.objects.filter(next_attempt_at__gt=now).update(next_attempt_at=now)
        RateLimit.objects.filter(blocked_until__gt=now.timestamp() + 60).update(blocked_until=0)
        Profile.objects.filter(renewal_tried_at__isnull=False).update(renewal_tried_at=now - timedelta(hours=1))
        waited = timedelta(seconds=LOOK_UP_AFTER_S)
        for what in ("list_create_asked_at", "list_looked_up_at", "audience_create_asked_at", "audience_looked_up_at"):
            Audience.objects.filter(**{f"{what}__isnull": False}).update(**{what: F(what) - waited})
        for what in ("list_missing_at", "audience_missing_at"):
            missed = Audience.objects.filter(**{f"{what}__gt": now - timedelta(seconds=CONFIRM_S)})
            missed.update(**{what: now - timedelta(seconds=CONFIRM_S)})


def watch(list_id: str) -> None:
    """The day has gone by after which Pinterest is asked how a list is."""
    Audience.objects.filter(customer_list_id=list_id).update(observe_at=timezone.now())


def report() -> dict[str, Any]:
    """Where everything stands, and the tokens that nobody may ever see in a log; of replaced lists, the new ones."""
    audiences = list(Audience.objects.order_by("pk"))
    return {
        "runs": [
            {
                "id": run.pk,
                "name": run.delivery.name,
                "list": run.audience.customer_list_id if run.audience else "",
                "state": run.state,
                "reason": run.reason,
                "counts": run.counts,
            }
            for run in Run.objects.select_related("delivery", "audience").order_by("pk")
        ],
        "lists": {audience.name: audience.customer_list_id for audience in audiences},
        "audiences": {audience.name: audience.audience_id for audience in audiences},
        "members": {audience.name: sum(audience.ledger_members.values()) for audience in audiences},
        "open_batches": Batch.objects.open().count(),
        "erasures": Erasure.objects.open().count(),
        "files": Batch.objects.filter(is_file=True).count(),
        "tokens": [
            token
            for profile in Profile.objects.all()
            for token in (profile.access_token, profile.refresh_token)
            if token
        ],
    }


_DO = {each.__name__: each for each in (start, again, cancel, erase, look_after, hurry, watch, report)}


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer: dict[str, Any] = {"is": _DO[asked.pop("do")](**asked)}
        except (ServiceRefusal, CommandError, UploadRefusedError) as refusal:
            answer = {"refused": f"{type(refusal).__name__} {refusal}"}
        except (OperationalError, InterfaceError) as error:
            # The database went away in the middle: whether that was done is for whoever asked to find out.
            connections.close_all()
            answer = {"lost": type(error).__name__}
        except OSError as error:
            # So did the room on the disk.
            key = "lost" if error.errno == errno.ENOSPC else "failed"
            answer = {key: f"{type(error).__name__}: {error}"}
        except Exception as error:  # noqa: BLE001 -- whoever asked decides
            answer = {"failed": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
