"""Shape and wording of a schedule."""

from typing import Any

from django import forms

from audiences import rhythm
from audiences.models import Schedule
from audiences.models.schedule import Rhythm
from audiences.services.schedules import Wish
from pinconnect.workspaces.forms import time_zones

BY_HAND = "by_hand"
INTERVALS = (
    (15, "15 minutes"), (30, "30 minutes"), (60, "hour"), (180, "3 hours"), (360, "6 hours"), (720, "12 hours"),
    (1440, "day"), (10080, "week"),
)  # fmt: skip


class ScheduleForm(forms.Form):
    rhythm = forms.ChoiceField(
        label="When it runs", widget=forms.RadioSelect, choices=[(BY_HAND, "By hand only"), *Rhythm.choices]
    )
    every_minutes = forms.TypedChoiceField(
        label="Every", choices=INTERVALS, coerce=int, required=False, empty_value=None, help_text="For an interval."
    )
    cron = forms.CharField(
        label="Cron expression",
        max_length=100,
        required=False,
        help_text="Minute, hour, day of the month, month, day of the week. 30 6 * * 1-5 is 6:30 from Monday to Friday.",
    )
    time_zone = forms.ChoiceField(label="On the clock of", choices=time_zones, required=False)

    def __init__(self, data: Any = None, *, schedule: Schedule | None, time_zone: str) -> None:
        initial = {
            "rhythm": schedule.rhythm if schedule else BY_HAND,
            "every_minutes": (schedule.every_minutes if schedule else None) or 1440,
            "cron": schedule.cron if schedule else "",
            "time_zone": schedule.time_zone if schedule else time_zone,
        }
        super().__init__(data, initial=initial)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        # A value that its field has refused is not in data, and refused once is enough.
        if data.get("rhythm") == Rhythm.CRON:
            if "cron" in data:
                try:
                    data["cron"] = rhythm.check_cron(data["cron"])
                except rhythm.CronError as error:
                    self.add_error("cron", error.sentence)
            if data.get("time_zone") == "":
                self.add_error("time_zone", "Choose the time zone in which these times are meant.")
        if data.get("rhythm") == Rhythm.INTERVAL and data.get("every_minutes", 0) is None:
            self.add_error("every_minutes", "Choose how often.")
        return data

    def wish(self) -> Wish:
        data = self.cleaned_data
        chosen = "" if data["rhythm"] == BY_HAND else data["rhythm"]
        return Wish(chosen, data["every_minutes"], data["cron"], data["time_zone"] or "UTC")

    def as_schedule(self) -> Schedule | None:
        """What was chosen as a schedule that is not saved, to reckon with; None by hand."""
        wish = self.wish()
        if not wish.rhythm:
            return None
        return Schedule(rhythm=wish.rhythm, every_minutes=wish.every_minutes, cron=wish.cron, time_zone=wish.time_zone)

    def stamp(self) -> str:
        """What was chosen in one line, so that a confirmation counts for this and for nothing else."""
        wish = self.wish()
        details: dict[str, str] = {
            Rhythm.INTERVAL: f" {wish.every_minutes}",
            Rhythm.CRON: f" {wish.cron} {wish.time_zone}",
        }
        return wish.rhythm + details.get(wish.rhythm, "")
