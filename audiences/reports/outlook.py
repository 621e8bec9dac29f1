"""What to expect of a run that was only counted: how many people Pinterest will find, and when that is known."""

from dataclasses import dataclass

from audiences.models import Mode, Run
from audiences.reports.audience import outlook_of_run
from audiences.watching.forecast import Forecast, Past
from pinconnect.pinterest.limits import MIN_AUDIENCE_SIZE


@dataclass(frozen=True)
class Outlook:
    """tone, title, body; basis: where the numbers come from."""

    tone: str
    title: str
    body: str
    basis: str


def of(run: Run) -> Outlook | None:
    """None where nothing can be said: nobody would be on the list, or others are on it as well."""
    if run.plan.get("mode") == Mode.REMOVE or (run.audience is not None and run.audience.is_existing):
        return None
    past = Past(run.workspace, ad_account_id=run.audience.ad_account_id if run.audience else None)
    members, rows = _members(run)
    forecast = past.forecast(members, rows)
    if forecast is None:
        return None
    size = f"{forecast.text} people at Pinterest"
    if forecast.high < MIN_AUDIENCE_SIZE:
        return Outlook(
            "warn",
            f"Expect {size}: too few",
            f"Ads can target an audience from {MIN_AUDIENCE_SIZE} matched people on, so this one would be too small.",
            forecast.basis,
        )
    risk = _risk(forecast)
    return Outlook("info", f"Expect {size}", f"{risk}{outlook_of_run(past)}", forecast.basis)


def _risk(forecast: Forecast) -> str:
    if forecast.low >= MIN_AUDIENCE_SIZE:
        return ""
    return f"It may stay below the {MIN_AUDIENCE_SIZE} matched people that ads need. "


def _members(run: Run) -> tuple[dict[str, int], int | None]:
    """Identifiers that would be on the list by wire kind, and the rows that they are in, where that is known."""
    found = run.counts.get("kinds", {})
    if run.plan.get("mode") == Mode.MIRROR:
        rows = run.counts.get("rows", {})
        return {kind: one["distinct"] for kind, one in found.items()}, rows.get("to_send", 0) + rows.get(
            "already_there", 0
        )
    members = dict(run.audience.ledger_members) if run.audience else {}
    for kind, one in found.items():
        members[kind] = members.get(kind, 0) + one["new"]
    return members, None
