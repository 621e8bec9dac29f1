"""The first page of a workspace: runs that wait for a person come first, and not among those at work."""

from audiences.models import Run
from audiences.services import runs
from audiences.states import RunState
from pinconnect.workspaces.roles import Role
from tests.audiences.views.conftest import Pages, queries
from tests.factories_audiences import drive, make_draft, people, step


def held(pages: Pages) -> Run:
    drive(Run.objects.get())
    pages.shop.change(people(range(150)))
    run = drive(pages.shop.start())
    assert run.state == RunState.HELD
    return run


def test_held_run_stands_first_with_what_it_would_do_and_the_way_to_decide(pages: Pages) -> None:
    run = held(pages)

    text = pages.get().content.decode()

    assert "Waiting for your decision" in text
    assert "It would remove 150 identifiers of the 300 that are on the list." in text
    waiting = text.partition('id="waiting"')[2].partition("</section>")[0]
    assert f'href="/w/{pages.workspace.slug}/runs/{run.pk}/"' in waiting
    assert "Look and decide" in waiting
    assert text.index('id="waiting"') < text.index('class="stats"')
    assert "Running now" not in text
    assert ">Look and decide</a>" in text.partition('class="alert__actions"')[2][:200], "the alert says it too"


def test_run_at_work_is_running_and_does_not_wait(pages: Pages) -> None:
    step(Run.objects.get())

    text = pages.get().content.decode()

    assert "Running now" in text
    assert "Waiting for" not in text.partition("<main")[2]


def test_decided_run_waits_no_more(pages: Pages) -> None:
    runs.approve(held(pages), by=pages.user)

    text = pages.get().content.decode()

    assert 'id="waiting"' not in text
    assert "Running now" in text


def test_viewer_sees_that_somebody_has_to_decide_and_is_not_asked_to(pages: Pages) -> None:
    held(pages)
    viewer = pages.as_role(Role.VIEWER)

    text = viewer.get().content.decode()

    waiting = text.partition('id="waiting"')[2].partition("</section>")[0]
    assert "Waiting for a decision" in text
    assert "Look at it" in waiting
    assert "Look and decide" not in waiting
    assert "Look and decide" not in text
    assert "Look and decide" in pages.get("alerts/").content.decode()
    assert "Look and decide" not in viewer.get("alerts/").content.decode()


def test_held_run_of_another_workspace_is_not_shown(pages: Pages) -> None:
    held(pages)
    other = pages.as_outsider()

    assert "waiting" not in other.web.get("/w/elsewhere/").content.decode()


def test_many_that_wait_cost_no_more_questions_than_one(pages: Pages) -> None:
    run = held(pages)
    few = queries(pages, "")
    shop = pages.shop
    for number in range(10):
        draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name=f"N{number}")
        run.pk, run.delivery, run.audience, run.number = None, draft, draft.audience, 1
        run.save(force_insert=True)

    text = pages.get().content.decode()

    assert "11 runs wait; these are the oldest." in text
    assert queries(pages, "") == few
