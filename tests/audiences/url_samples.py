"""Arguments for the addresses of deliveries and runs."""

from secrets import token_hex

from django.utils import timezone

from audiences import decision_links
from audiences.models import Call, Delivery, Drift, DriftKind, Run, Trigger
from audiences.people import erasing
from audiences.people.lookup import Wanted
from audiences.services import calls, deliveries, runs, splits
from pinconnect.pinterest.client import Exchange
from pinconnect.profiles.models import AdAccount, Profile
from pinconnect.profiles.scopes import ASKED_FOR
from tests.factories_audiences import make_ad_account, make_dataset, make_draft, people
from tests.guards.samples import Sample, World


def _draft(world: World) -> Delivery:
    """A draft of its own for every address, since some of them end it."""
    if "dataset" not in world.kept:
        world.kept["dataset"] = make_dataset(world.workspace, [row | {"tier": "a"} for row in people(range(3))])
        world.kept["profile"] = Profile.objects.create(
            workspace=world.workspace, username="bob", pinterest_id="sample-bob", scopes=list(ASKED_FOR)
        )
        world.kept["ad_account"] = make_ad_account(world.kept["profile"])
    account: AdAccount = world.kept["ad_account"]
    name = f"Delivery {Delivery.objects.count()}"
    return make_draft(world.kept["profile"], account, world.kept["dataset"], name=name)


def draft(world: World) -> dict[str, object]:
    return {"pk": _draft(world).pk}


def published(world: World) -> dict[str, object]:
    delivery = _draft(world)
    deliveries.publish(delivery, by=None)
    return {"pk": delivery.pk}


def step(world: World) -> dict[str, object]:
    return {"pk": _draft(world).pk, "step": "columns"}


def run(world: World) -> dict[str, object]:
    delivery = Delivery.objects.get(pk=published(world)["pk"])
    found: Run = runs.start(delivery, by=None, trigger=Trigger.BY_HAND)
    return {"pk": found.pk}


def audience(world: World) -> dict[str, object]:
    delivery = Delivery.objects.select_related("audience").get(pk=published(world)["pk"])
    return {"pk": delivery.audience_id}


def drift(world: World) -> dict[str, object]:
    pk, now = audience(world)["pk"], timezone.now()
    facts = {"calls": 3, "added": 12, "removed": 0}
    found = Drift.objects.create(audience_id=pk, kind=DriftKind.WRITTEN, found_at=now, last_seen_at=now, facts=facts)
    return {"pk": pk, "drift": found.pk}


def drifting(world: World) -> dict[str, object]:
    return {"pk": drift(world)["pk"]}


def erasure(world: World) -> dict[str, object]:
    wanted = [Wanted("email", b"e" * 32)]
    return {"pk": erasing.request(world.workspace, by=None, wanted=wanted).pk}


def decision(world: World) -> dict[str, object]:
    """What the link in an e-mail about the run would be."""
    found = run(world)["pk"]
    address = decision_links.address(int(str(found)), world.marketer.pk)
    _, run_id, user, until, seal = address.strip("/").split("/")
    return {"run": int(run_id), "user": int(user), "until": int(until), "seal": seal}


def call(world: World) -> dict[str, object]:
    made = run(world)
    exchange = Exchange("GET", "/ad_accounts/1/audiences/2", 503, 0.1, None, None, "ServerTrouble")
    recorder = calls.Recorder(int(str(made["pk"])))
    recorder.note(exchange)
    recorder.save()
    return {**made, "call": Call.objects.get(run=made["pk"]).pk}


def split(world: World) -> dict[str, object]:
    wish = splits.Wish("tier", splits.PATTERN, ("a",), token_hex(8))
    return {"pk": splits.create(_draft(world), wish, by=None).pk}


SAMPLES: dict[str, Sample] = {
    "audiences:audience-detail": drifting,
    "audiences:audience-anew": audience,
    "audiences:audience-watch": audience,
    "audiences:drift-known": drift,
    "audiences:delivery-detail": published,
    "audiences:delivery-setup": step,
    "audiences:delivery-lists-read": draft,
    "audiences:delivery-publish": draft,
    "audiences:delivery-run": published,
    "audiences:delivery-pause": published,
    "audiences:delivery-resume": published,
    "audiences:delivery-archive": published,
    "audiences:delivery-standby": published,
    "audiences:delivery-edit": published,
    "audiences:delivery-new-list": published,
    "audiences:delivery-schedule": published,
    "audiences:delivery-rows": published,
    "audiences:split-create": published,
    "audiences:split-detail": split,
    "audiences:split-add": split,
    "audiences:delivery-doctor": published,
    "audiences:delivery-examine": published,
    "audiences:erasure-detail": erasure,
    "audiences:erasure-json": erasure,
    "audiences:erasure-csv": erasure,
    "audiences:run-detail": run,
    "audiences:run-rejects": run,
    "audiences:run-calls": run,
    "audiences:run-call": call,
    "audiences:run-report-json": run,
    "audiences:run-report-text": run,
    "audiences:run-cancel": run,
    "audiences:run-decide": run,
    "audiences:run-decision": decision,
}
# A run that has not been prepared has no list of refused values yet.
MAY_ANSWER = {"audiences:run-rejects": {404}}
