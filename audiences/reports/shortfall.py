"""Why a list is smaller than what was sent, with the numbers of this audience: from the rows to the people."""

from dataclasses import dataclass

from audiences.models import Audience, Doubt, Mode, Observation, Run, Trigger
from audiences.services import refilling
from audiences.states import RUN_TERMINAL
from audiences.watching import observations
from audiences.watching.forecast import kind_label
from audiences.watching.observations import GONE
from pinconnect.pinterest.limits import MIN_AUDIENCE_SIZE


@dataclass(frozen=True)
class Line:
    """One step of the way. count: as it is shown, empty where there is none; is_sum: what is left at this point.

    The steps between two sums add up. Where the unit changes, from rows to identifiers, a sum names both.
    """

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
    rows = (*_of_rows(run), *_from_rows_to_identifiers(audience, run)) if run else ()
    on_list = _on_list(audience)
    what = "list" if refilling.is_gone(audience) else "audience" if audience.audience_state == GONE else ""
    if what:
        gone = Line("At Pinterest", "–", f"The {what} is gone from Pinterest, so it has no size.", is_sum=True)
        return Shortfall(run, (*rows, on_list, gone))
    return Shortfall(run, (*rows, on_list, *_of_people(audience, newest)))


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


def _from_rows_to_identifiers(audience: Audience, run: Run) -> list[Line]:
    """What remains of the rows, with their identifiers, and what has come and gone beside them."""
    rows, after = run.counts["final"]["rows"], sum(run.counts["final"]["members"].values())
    on_list, now = rows["sent"] + rows["already_there"], audience.member_count
    own, is_exact = _identifiers_of_rows(run)
    own = min(own, after)
    noun, about = "row" if on_list == 1 else "rows", "" if is_exact else "about "
    count = f"= {on_list:,} {noun}, with {about}{own:,} identifier{'' if own == 1 else 's'}"
    why = "A row may have several identifiers, and rows may share one. From here on identifiers are counted."
    lines = [Line("Rows on the list", count, why, is_sum=True)]
    # The ledger is the measure, so that the steps add up to what is on the list now.
    others, gone = after - own + max(0, now - after), max(0, after - now)
    if others:
        why = "Identifiers that another run or delivery had put on the list."
        lines.append(Line("On the list beside them", f"+{others:,}", why))
    if gone:
        why = "Identifiers that were taken off the list since, by a delivery that takes people out or by an erasure."
        lines.append(Line("Taken out", f"−{gone:,}", why))
    return lines


def _identifiers_of_rows(run: Run) -> tuple[int, bool]:
    """Distinct identifiers of the run's rows that are on the list, and whether that is exact: if a part of the records
    was not taken it is known only where each record is one identifier.
    """
    kinds, fate = run.counts["kinds"].values(), run.counts["final"]["additions"]
    there, new = sum(kind["already_there"] for kind in kinds), sum(kind["new"] for kind in kinds)
    total = sum(fate.values())
    if fate["sent"] == total:
        return there + new, True
    return there + new * fate["sent"] // total, not fate["sent"] or new == total


def _on_list(audience: Audience) -> Line:
    present = {kind: count for kind, count in audience.ledger_members.items() if count}
    listed = " and ".join(f"{count:,} {kind_label(kind)}" for kind, count in sorted(present.items()))
    return Line("On the list", f"{audience.member_count:,}", f"Distinct identifiers: {listed or 'none'}.", is_sum=True)


def _same_people(count: str) -> Line:
    why = (
        "Several identifiers of one person make one person at Pinterest. There are at least as many people as "
        "identifiers of the most frequent kind, and at most as many as rows."
    )
    return Line("Identifiers of the same people", count, why)


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
    else:
        lines += _up_to_same_people(audience)
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


def _most_frequent(audience: Audience) -> int:
    """Of the most frequent kind: a person seldom has two of one kind."""
    return max(audience.ledger_members.values(), default=0)


def _up_to_same_people(audience: Audience) -> list[Line]:
    """Without a size there is only a bound."""
    most = audience.member_count - _most_frequent(audience)
    return [_same_people(f"up to −{most:,}")] if most else []


def _unmatched(audience: Audience, newest: Observation, size: int) -> list[Line]:
    """From the identifiers on the list to the people at Pinterest; together as many as are missing there."""
    members = audience.member_count
    if audience.is_existing:
        return _up_to_same_people(audience)
    if size > members:
        why = "Pinterest counts more people than were sent, so somebody else has put people on the list."
        return [Line("Put there by others", f"+{size - members:,}", why)]
    nobody = (
        "For so many {what} Pinterest found nobody: people without a Pinterest account, or who use another address "
        "or number there. A second kind of identifier for the same people finds more of them."
    )
    is_several = members > _most_frequent(audience)
    if is_several and not (newest.is_by_rows and newest.base):
        # How many of them belong to one person is not known: two bounds would not add up, but both together do.
        why = f"Several identifiers may be of one person, who counts once. {nobody.format(what='others of them')}"
        return [Line("Of the same people, or not found", f"−{members - size:,}", why)] if members > size else []
    by_rows = is_several and newest.is_by_rows
    people = min(max(newest.base or 0, _most_frequent(audience), size), members) if by_rows else members
    lines = [_same_people(f"−{members - people:,}")] if people < members else []
    if people > size:
        what = "rows" if by_rows else "identifiers"
        lines.append(Line("Not found at Pinterest", f"−{people - size:,}", nobody.format(what=what)))
    return lines
