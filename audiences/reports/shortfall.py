"""Why a list is smaller than what was sent, with the numbers of this audience: from the rows to the people."""

from dataclasses import dataclass

from audiences.models import Audience, Doubt, Mode, Observation, Run, Trigger
from audiences.states import RUN_TERMINAL
from audiences.watching import observations
from audiences.watching.forecast import kind_label
from pinconnect.pinterest.limits import MIN_AUDIENCE_SIZE

_MOST_LATER = 10_000


@dataclass(frozen=True)
class Line:
    """One step of the way. count: as it is shown, empty where there is none; is_sum: what is left at this point."""

    label: str
    count: str
    why: str
    is_sum: bool = False


@dataclass(frozen=True)
class Shortfall:
    run: Run | None
    lines: tuple[Line, ...]


def of(audience: Audience, newest: Observation | None) -> Shortfall:
    """Empty while nothing was delivered."""
    settled = Run.objects.filter(
        audience=audience, is_dry_run=False, state__in=RUN_TERMINAL, counts__has_key="final"
    ).exclude(trigger=Trigger.ERASURE)
    # Whoever takes people out sends nobody who could be missing.
    settled = settled.exclude(plan__mode=Mode.REMOVE)
    run = settled.select_related("delivery").order_by("-pk").first()
    if not audience.member_count and run is None:
        return Shortfall(None, ())
    rows = (*_of_rows(run), *_taken_out(audience, run)) if run else ()
    return Shortfall(run, (*rows, *_of_identifiers(audience), *_of_people(audience, newest)))


def _of_rows(run: Run) -> list[Line]:
    rows = run.counts["final"]["rows"]
    minus = [
        ("left_out", "Left out", "They do not match the delivery’s filter."),
        ("invalid", "No usable identifier", "Empty, or not a valid value. The run’s page says which and why."),
        ("duplicate", "Duplicates", "The same identifiers as an earlier row: one person counts once."),
        ("held_back", "Held back", "They may not be sent, for example because they were erased."),
        ("failed", "Refused or not sent", "Pinterest refused them, or the run ended before their turn."),
    ]
    lines = [Line("Rows read", f"{rows['read']:,}", f"In run {run.number} of “{run.delivery}”.", is_sum=True)]
    return lines + [Line(label, f"−{rows[name]:,}", why) for name, label, why in minus if rows.get(name)]


def _taken_out(audience: Audience, run: Run) -> list[Line]:
    """Who left since that run because a delivery takes people out, or because they were erased."""
    later = Run.objects.filter(audience=audience, is_dry_run=False, pk__gt=run.pk, plan__mode=Mode.REMOVE)
    found = later.filter(counts__has_key="final").values_list("counts__final__removals__sent", flat=True)
    count = sum(int(sent) for sent in found[:_MOST_LATER] if sent)
    why = "Identifiers that were taken off the list since, by a delivery that takes people out or by an erasure."
    return [Line("Taken out", f"−{count:,}", why)] if count else []


def _of_identifiers(audience: Audience) -> list[Line]:
    present = {kind: count for kind, count in audience.ledger_members.items() if count}
    listed = " and ".join(f"{count:,} {kind_label(kind)}" for kind, count in sorted(present.items()))
    lines = [
        Line("On the list", f"{audience.member_count:,}", f"Distinct identifiers: {listed or 'none'}.", is_sum=True)
    ]
    if len(present) > 1:
        most = max(present.values())
        why = (
            "Several identifiers of one person make one person at Pinterest. There are at least as many people as "
            "identifiers of the most frequent kind, and at most as many as rows."
        )
        lines.append(Line("Identifiers of the same people", f"up to −{audience.member_count - most:,}", why))
    return lines


def _of_people(audience: Audience, newest: Observation | None) -> list[Line]:
    if newest is None:
        return [Line("Not matched yet", "", "Pinterest has not been asked for the size yet.")]
    lines = []
    is_small = newest.audience_state == "TOO_SMALL"
    size = newest.size if not is_small else None
    if not observations.is_finished(newest) or newest.doubt == Doubt.FRESH:
        why = "Much has changed within the last 48 hours. The size follows; until then it is too low or too high."
        lines.append(Line("Still matching", "", why))
    if size is not None:
        lines += _unmatched(audience, newest, size)
    if audience.is_existing:
        lines.append(Line("Was there before", "", "People whom somebody else put on this list are counted as well."))
    if newest.doubt == Doubt.REMOVALS_OFF:
        why = "Nobody is removed, so people who left the dataset are still counted."
        lines.append(Line("Left the dataset", "", why))
    if is_small:
        why = (
            f"Pinterest tells the size, and lets ads use the audience, only from {MIN_AUDIENCE_SIZE} matched people on."
        )
        lines.append(Line("At Pinterest", f"under {MIN_AUDIENCE_SIZE}", why, is_sum=True))
    elif size is not None:
        lines.append(Line("At Pinterest", f"{size:,}", "People whom ads can reach.", is_sum=True))
    else:
        lines.append(Line("At Pinterest", "not known", "Pinterest has not told the size yet.", is_sum=True))
    return lines


def _unmatched(audience: Audience, newest: Observation, size: int) -> list[Line]:
    base = newest.base if newest.is_by_rows and newest.base else audience.member_count
    lost = base - size
    if lost <= 0 or audience.is_existing:
        return []
    what = "rows" if newest.is_by_rows else "identifiers"
    why = (
        f"For so many {what} Pinterest found nobody: people without a Pinterest account, or who use another address "
        "or number there. A second kind of identifier for the same people finds more of them."
    )
    several = len([kind for kind, count in audience.ledger_members.items() if count]) > 1 and not newest.is_by_rows
    return [Line("Not found at Pinterest", f"up to −{lost:,}" if several else f"−{lost:,}", why)]
