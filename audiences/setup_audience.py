"""The step of the set-up in which the audience is named, or chosen among those that Pinterest has listed."""

from typing import Any

from django.core.paginator import Paginator
from django.forms import BaseForm

from audiences.forms import AudienceForm, ListForm
from audiences.models import Audience, ListedList, Listing, Mode
from audiences.reports import lists as list_report
from audiences.services import drafts, existing
from audiences.services.refusals import ServiceRefusal
from audiences.setup_step import Step
from pinconnect.lib.texts import without_nul
from pinconnect.workspaces.models import User

LISTS_PER_PAGE = 25
PINTEREST, NEW = "pinterest", "new"


class AudienceStep(Step):
    """?from=pinterest shows the lists that are there, ?from=new the form for a new one; q and page go through them."""

    template = "audiences/setup_audience.html"

    @property
    def is_from_pinterest(self) -> bool:
        """Without a word in the address: as it was chosen before. Taking people out needs a list that is there."""
        asked, audience = self.request.GET.get("from", ""), self.delivery.audience
        if asked in (PINTEREST, NEW):
            return asked == PINTEREST
        return self.delivery.mode == Mode.REMOVE or bool(audience and audience.customer_list_id)

    @property
    def comes_after(self) -> str:
        """Lists are those of an ad account, so without one there is nothing to ask Pinterest for."""
        return "ad-account" if self.is_from_pinterest and self.delivery.audience is None else ""

    def make_form(self) -> BaseForm:
        audience = self.delivery.audience
        if self.is_from_pinterest:
            return ListForm(self.data, initial={"list_id": audience.customer_list_id if audience else ""})
        if audience is not None and not audience.customer_list_id:
            return AudienceForm(self.data, initial={"name": audience.name, "description": audience.description})
        dataset = self.delivery.dataset
        return AudienceForm(self.data, initial={"name": dataset.name, "description": dataset.description[:1000]})

    def save(self, *, by: User) -> None:
        if self.delivery.audience is None:
            raise ServiceRefusal("no_ad_account")
        account = self.delivery.audience.ad_account
        if self.is_from_pinterest:
            existing.choose(self.delivery, by=by, ad_account=account, list_id=self.form.cleaned_data["list_id"])
        elif self.delivery.mode == Mode.REMOVE:
            raise ServiceRefusal("remove_needs_list", name=self.delivery.name)
        else:
            drafts.set_target(self.delivery, by=by, ad_account=account, **self.form.cleaned_data)

    def context(self) -> dict[str, Any]:
        tabs = [
            {"label": "A new list", "url": f"?from={NEW}", "is_current": not self.is_from_pinterest, "count": None},
            {
                "label": "On Pinterest already",
                "url": f"?from={PINTEREST}",
                "is_current": self.is_from_pinterest,
                "count": None,
            },
        ]
        found = {"form": self.form, "tabs": tabs, "is_from_pinterest": self.is_from_pinterest}
        audience = self.delivery.audience
        if not self.is_from_pinterest or audience is None:
            return {**found, "needs_list": self.delivery.mode == Mode.REMOVE}
        return {**found, **self._lists(audience)}

    def _lists(self, audience: Audience) -> dict[str, Any]:
        text = without_nul(self.request.GET.get("q", "")).strip()[:100]
        everything = ListedList.objects.filter(ad_account=audience.ad_account)
        page = Paginator(everything.matching(text), LISTS_PER_PAGE).get_page(self.request.GET.get("page"))
        chosen = self.form["list_id"].value() or ""
        return {
            "listing": Listing.objects.filter(ad_account=audience.ad_account).first(),
            "page_obj": page,
            "rows": list_report.rows(list(page), audience.ad_account, chosen=chosen, delivery=self.delivery),
            "chosen": everything.filter(pinterest_id=chosen).first() if chosen else None,
            "number": everything.count(),
            "q": text,
            "meaning": list_report.meaning(self.delivery.mode),
        }
