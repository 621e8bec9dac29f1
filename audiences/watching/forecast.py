"""How large an audience will be and when: from what was matched before in this workspace, as ranges.

Without a past, from the range that one vendor calls usual; nobody has published a figure for Pinterest alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db.models import OuterRef, Subquery

from audiences.models import Audience, Observation
from audiences.watching.matching import SOONEST_MATCH, USUAL_WAIT
from pinconnect.identifiers import kinds
from pinconnect.workspaces.models import Workspace

# "Match rates … typically 30-70 %": Narrative, Data Activation Overview, of its connectors as a whole (read 2026-11).
USUAL = (0.3, 0.7)
USUAL_SOURCE = "Narrative, a vendor of such connectors, calls 30–70% usual over all platforms"
# A rate of the past is not known better than this, and one alone still less.
MARGIN, MARGIN_OF_ONE = 0.1, 0.25
_AUDIENCES, _MATCHINGS = 200, 10
_LABELS = {"email": "e-mail addresses", "phone": "phone numbers", "maid": "mobile ad IDs"}


@dataclass(frozen=True)
class Rates:
    """low..high, of so many audiences; count 0: nobody's but the usual range."""

    low: float
    expected: float
    high: float
    count: int


@dataclass(frozen=True)
class Forecast:
    """People; low..high. basis: where that comes from, as a sentence."""

    low: int
    expected: int
    high: int
    basis: str
    is_measured: bool

    @property
    def text(self) -> str:
        return f"about {self.expected:,} ({self.low:,}–{self.high:,})"


@dataclass(frozen=True)
class Clock:
    """When matching will have finished: between soonest and latest; count: earlier matchings here, 0 for none."""

    soonest: timedelta
    latest: timedelta
    count: int

    def window(self, change_at: datetime) -> tuple[datetime, datetime]:
        return change_at + self.soonest, change_at + self.latest


class Past:
    """What this workspace has seen, in two queries. ad_account_id: whose own past is preferred, if it has one."""

    def __init__(self, workspace: Workspace, *, ad_account_id: int | None = None) -> None:
        known = Observation.objects.filter(audience=OuterRef("pk"), doubt="", base__gt=0, size__isnull=False)
        newest = known.order_by("-asked_at").values("pk")[:1]
        audiences = Audience.objects.filter(workspace=workspace).order_by("-settled_at")[:_AUDIENCES]
        found = list(
            Observation.objects.filter(pk__in=[pk for pk in audiences.values_list(Subquery(newest), flat=True) if pk])
            .select_related("audience")
            .order_by("pk")
        )
        own = [one for one in found if one.audience.ad_account_id == ad_account_id]
        self._rates: dict[tuple[str, ...], list[float]] = {}
        for one in own or found:
            if one.rate is not None:
                self._rates.setdefault(_kinds(one.members), []).append(one.rate)
        took = Observation.objects.filter(audience__workspace=workspace, matched_s__isnull=False).order_by("-asked_at")
        self._took = [s for s in took.values_list("matched_s", flat=True)[:_MATCHINGS] if s is not None]

    def rates(self, members: Mapping[str, int]) -> Rates:
        """For lists of exactly these kinds."""
        found = sorted(self._rates.get(_kinds(members), ()))
        if not found:
            return Rates(USUAL[0], sum(USUAL) / 2, USUAL[1], 0)
        margin = MARGIN_OF_ONE if len(found) == 1 else MARGIN
        low, high = found[0] * (1 - margin), found[-1] * (1 + margin)
        return Rates(low, median(found), min(1.0, high), len(found))

    def forecast(self, members: Mapping[str, int], rows: int | None = None) -> Forecast | None:
        """members: distinct identifiers by wire kind on the list; rows: people at most, where they are known."""
        present = {kind: count for kind, count in members.items() if count}
        if not present:
            return None
        rates = self.rates(present)
        people = max(present.values())
        if len(present) > 1 and rates.count == 0:
            singly = {kind: self.rates({kind: count}) for kind, count in present.items()}
            low = max(count * singly[kind].low for kind, count in present.items())
            high = min(rows or people, sum(count * singly[kind].high for kind, count in present.items()))
            counts = [one.count for one in singly.values()]
            return _forecast(low, (low + high) / 2, high, _basis(min(counts), tuple(present), rates), min(counts) > 0)
        base = rows if len(present) > 1 and rows else people
        basis = _basis(rates.count, tuple(present), rates)
        return _forecast(base * rates.low, base * rates.expected, base * rates.high, basis, rates.count > 0)

    @property
    def clock(self) -> Clock:
        if not self._took:
            return Clock(SOONEST_MATCH, USUAL_WAIT, 0)
        return Clock(timedelta(seconds=min(self._took)), timedelta(seconds=max(self._took)), len(self._took))


def _forecast(low: float, expected: float, high: float, basis: str, is_measured: bool) -> Forecast:
    return Forecast(_rounded(low), _rounded(expected), _rounded(max(low, high)), basis, is_measured)


def _rounded(number: float) -> int:
    """Two digits: more would claim to know more."""
    whole = round(number)
    step = 10 ** max(0, len(str(whole)) - 2)
    return round(whole / step) * step


def _kinds(members: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(sorted(kind for kind, count in members.items() if count))


def _basis(count: int, present: Sequence[str], rates: Rates) -> str:
    what = " and ".join(kind_label(kind) for kind in sorted(present))
    if not count:
        # Matchings may well exist: of other identifiers, or with a rate that is not told or would mislead.
        return f"No match rate of {what} is known here yet, so this is a guess: {USUAL_SOURCE}."
    audiences = "1 audience" if count == 1 else f"{count} audiences"
    low, high = f"{rates.low:.0%}", f"{rates.high:.0%}"
    if not rates.count:
        return f"From the match rates of each kind of identifier here ({what}), each of which may find a person."
    return f"From the match rate of {audiences} here with {what}: {low} to {high}."


def kind_label(code: str) -> str:
    """A wire kind in words within a sentence."""
    return _LABELS.get(code) or f"{kinds.get(code).label}s"
