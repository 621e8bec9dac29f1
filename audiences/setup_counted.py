"""The steps of the guided set-up that show what a dry run found, before anything is sent."""

from typing import Any

from audiences.models import Run, Trigger
from audiences.reports import examined
from audiences.reports import lists as list_report
from audiences.reports import run as run_report
from audiences.services import drafts, runs, sharing
from audiences.setup_step import LABELS, Step
from audiences.states import RunState
from pinconnect.workspaces.models import User


def is_examined(run: Run | None) -> bool:
    return run is not None and run.state == RunState.DONE


class CountedStep(Step):
    """Base: shows the current dry run, or what is missing for one; its form starts another."""

    leads_on = False

    def make_form(self) -> None:
        self.problem = ""

    def is_valid(self) -> bool:
        return True

    def save(self, *, by: User) -> None:
        """Count again."""
        runs.start(self.delivery, by=by, trigger=Trigger.DRY_RUN, is_dry_run=True)

    def refuse(self, sentence: str) -> None:
        self.problem = sentence

    def context(self) -> dict[str, Any]:
        missing = drafts.missing_steps(self.delivery)
        run = None if missing else runs.current_dry_run(self.delivery)
        return {
            "missing": [(slug, LABELS[slug]) for slug in missing],
            "run": run,
            "report": run_report.of(run) if run else None,
            "problem": self.problem,
        }


class DoctorStep(CountedStep):
    """What looks wrong in the data. It stops nobody: whoever has seen it may go on."""

    template = "audiences/setup_doctor.html"
    live_template = "audiences/setup_doctor_live.html"

    def context(self) -> dict[str, Any]:
        context = super().context()
        run, is_done = context["run"], is_examined(context["run"])
        return context | {
            "examined": examined.of(context["report"]) if is_done else None,
            "is_outdated": run is None
            and not context["missing"]
            and self.delivery.runs.filter(is_dry_run=True).exists(),
        }


class ReviewStep(CountedStep):
    """What will happen, with the counts."""

    template = "audiences/setup_review.html"
    live_template = "audiences/setup_review_live.html"

    def context(self) -> dict[str, Any]:
        return super().context() | {
            "columns": self.delivery.columns.all(),
            "meaning": list_report.meaning(self.delivery.mode),
            "fillers": sharing.fillers(self.delivery),
        }
