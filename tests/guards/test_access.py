"""Every address, asked as everybody: nobody sees another workspace, nobody does what their role does not allow."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from pinconnect.workspaces.access import Open
from pinconnect.workspaces.models import User
from pinconnect.workspaces.roles import Role, Verb, allows
from tests.factories import make_user
from tests.guards.routes import Route, all_routes
from tests.guards.samples import World, all_samples, make_world, right_answers

# Rises with the product. A smaller number means that the walk has lost some of its way.
AT_LEAST_OURS = 60
AT_LEAST_REQUESTS = 350
METHODS = ("get", "post")
SIGN_IN = "/accounts/login/"


class Walk:
    """Two worlds, a stranger, and the answers of one address after another."""

    def __init__(self) -> None:
        self.here, self.there = make_world("Here"), make_world("There")
        self.samples = all_samples()
        self.people: dict[str, User] = {
            "viewer": self.here.viewer,
            "marketer": self.here.marketer,
            "admin": self.here.admin,
            "outsider": self.there.admin,
        }
        self.cookies = {who: signed_in_cookie(person) for who, person in self.people.items()}
        self.client = Client(raise_request_exception=False)
        self.requests = 0
        self.wrong: list[str] = []

    def join(self, who: str, person: User) -> None:
        self.people[who], self.cookies[who] = person, signed_in_cookie(person)

    def arguments(self, route: Route, world: World, of: World | None = None) -> dict[str, Any]:
        """The route's arguments in a world; with `of`, the things are those of another one."""
        extra = route.arguments - {"workspace"}
        found = self.samples[route.name](of or world) if extra else {}
        return {**found, "workspace": world.workspace.slug} if "workspace" in route.arguments else found

    def ask(self, route: Route, arguments: dict[str, Any], who: str, method: str) -> HttpResponse:
        # One client for all, since each new one loads the middleware anew; its cookies are those of the person.
        self.client.cookies.clear()
        if who != "anonymous":
            self.client.cookies[settings.SESSION_COOKIE_NAME] = self.cookies[who]
        self.requests += 1
        with undone():
            return getattr(self.client, method)(reverse(route.name, kwargs=arguments))

    def expect(
        self, route: Route, who: str, arguments: dict[str, Any], is_right: Callable[[HttpResponse], bool]
    ) -> None:
        """Both methods must be answered rightly; 405 is right for one of them, but not for both."""
        answers = {method: self.ask(route, arguments, who, method) for method in METHODS}
        if all(answer.status_code == 405 for answer in answers.values()):
            self.wrong.append(f"{route.name} answers {who} with 405 only")
        for method, answer in answers.items():
            if answer.status_code != 405 and not is_right(answer):
                self.wrong.append(f"{route.name} answers {method} by {who} with {described(answer)}")


def signed_in_cookie(person: User) -> str:
    client = Client()
    client.force_login(person)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@contextmanager
def undone() -> Iterator[None]:
    """What a request changes is taken back, so that the next one finds the same world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def described(answer: HttpResponse) -> str:
    problem = getattr(answer, "exc_info", None)
    return (
        f"{answer.status_code} {answer.headers.get('Location', '')} {problem[1]!r}"
        if problem
        else str(answer.status_code)
    )


def to_sign_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and answer.headers["Location"].startswith(SIGN_IN)


def is_fine(route: Route) -> Callable[[HttpResponse], bool]:
    allowed = right_answers().get(route.name, set())
    return lambda answer: (
        answer.status_code in allowed
        or (answer.status_code < 500 and answer.status_code not in {401, 403, 404} and not to_sign_in(answer))
    )


def is_404(answer: HttpResponse) -> bool:
    return answer.status_code == 404


def is_403(answer: HttpResponse) -> bool:
    return answer.status_code == 403


def is_no_fault(answer: HttpResponse) -> bool:
    return answer.status_code < 500


@pytest.fixture
def walk(db: None, simulator: Any) -> Walk:
    return Walk()


def ours() -> list[Route]:
    return [route for route in all_routes() if route.is_ours]


def walkable() -> list[Route]:
    """What lacks a declaration or a sample fails a test of its own, and does not stand in the way of the others."""
    samples = all_samples()
    return [
        route
        for route in ours()
        if route.declared and not (route.arguments - {"workspace"} and route.name not in samples)
    ]


def test_every_address_of_ours_declares_who_may_call_it():
    silent = [route.name or route.path for route in ours() if route.declared is None]

    assert len(ours()) >= AT_LEAST_OURS, f"only {len(ours())} addresses were checked"
    assert not silent, "decorate these views with access.workspace_view, access.signed_in or access.public"


def test_what_lies_in_a_workspace_is_never_public():
    loose = [route.name for route in ours() if "workspace" in route.arguments and route.declared not in set(Verb)]

    assert not loose


def test_every_address_has_a_name_and_a_sample_of_its_arguments():
    samples = all_samples()
    routes = [route for route in all_routes() if not route.is_admin]

    lacking = [route.name or route.path for route in routes if not route.name or route.name.endswith(":")]
    lacking += [route.name for route in routes if route.arguments - {"workspace"} and route.name not in samples]

    assert not lacking, "add them to tests/<app>/url_samples.py"


def test_no_sample_is_left_over():
    assert not set(all_samples()) - {route.name for route in all_routes()}


def test_everybody_gets_the_answer_that_the_address_declares(walk):
    for route in walkable():
        arguments = walk.arguments(route, walk.here)
        if route.declared == Open.PUBLIC:
            for who in ("anonymous", *walk.people):
                walk.expect(route, who, arguments, is_no_fault)
            continue
        walk.expect(route, "anonymous", arguments, to_sign_in)
        if route.declared == Open.SIGNED_IN:
            for who in walk.people:
                walk.expect(route, who, arguments, is_fine(route))
            continue
        walk.expect(route, "outsider", arguments, is_404)
        for role in Role:
            is_allowed = allows(role, Verb(str(route.declared)))
            walk.expect(route, role.value, arguments, is_fine(route) if is_allowed else is_403)

    assert walk.requests >= AT_LEAST_REQUESTS, f"only {walk.requests} requests were made"
    assert not walk.wrong, "\n".join(walk.wrong)


def test_things_of_another_workspace_do_not_exist_in_ones_own(walk):
    inside = [route for route in walkable() if "workspace" in route.arguments and route.arguments - {"workspace"}]
    for route in inside:
        walk.expect(route, "admin", walk.arguments(route, walk.here, of=walk.there), is_404)

    assert len(inside) >= 4, f"only {len(inside)} addresses were checked"
    assert not walk.wrong, "\n".join(walk.wrong)


def test_unknown_things_and_workspaces_do_not_exist(walk):
    inside = [route for route in walkable() if "workspace" in route.arguments]
    for route in inside:
        nowhere = {**walk.arguments(route, walk.here), "workspace": "nowhere"}
        walk.expect(route, "admin", nowhere, is_404)

    assert len(inside) >= 20, f"only {len(inside)} addresses were checked"
    assert not walk.wrong, "\n".join(walk.wrong)


def test_pages_of_allauth_never_fail_and_keep_private_things_private(walk):
    private = ("account_email", "account_change_password", "mfa_", "usersessions_")
    not_yet = ("mfa_authenticate", "mfa_login_webauthn", "mfa_trust")
    foreign = [route for route in all_routes() if route.is_foreign]
    for route in foreign:
        arguments = walk.arguments(route, walk.here)
        is_private = route.name.startswith(private) and not route.name.startswith((*not_yet, "account_email_verif"))
        walk.expect(route, "anonymous", arguments, to_sign_in if is_private else is_no_fault)
        walk.expect(route, "viewer", arguments, is_no_fault)

    assert len(foreign) >= 25, f"only {len(foreign)} addresses were checked"
    assert not walk.wrong, "\n".join(walk.wrong)


def admin_arguments(route: Route) -> dict[str, Any]:
    values = {"object_id": "1", "id": "1", "content_type_id": 1, "app_label": "workspaces", "url": "nonsense"}
    return {name: values[name] for name in route.arguments}


def test_admin_opens_for_staff_only(walk):
    walk.join("operator", make_user("Operator", is_staff=True, is_superuser=True))
    pages = [
        route for route in all_routes() if route.is_admin and route.name.count(":") and not route.name.endswith(":")
    ]
    for route in pages:
        arguments = admin_arguments(route)
        if route.name in {"admin:login", "admin:logout"}:
            continue
        walk.expect(route, "anonymous", arguments, lambda answer: answer.status_code == 302 and is_door(answer))
        walk.expect(route, "admin", arguments, lambda answer: is_403(answer) or is_door(answer))
        walk.expect(route, "operator", arguments, is_no_fault)

    assert len(pages) >= 100, f"only {len(pages)} addresses were checked"
    assert not walk.wrong, "\n".join(walk.wrong)


def is_door(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and answer.headers["Location"].startswith(("/admin/login/", SIGN_IN))


def test_admin_is_locked_where_nothing_has_a_name(client, db):
    client.force_login(make_user("Charlie"))

    for path in ("/admin/nonsense/", "/admin/workspaces/user/1/"):
        assert client.get(path, follow=True).status_code == 403


def leaks(walk: Walk) -> dict[str, Route]:
    walk.samples["leaks:reaching-out"] = walk.samples["workspaces:member"]
    return {route.name: route for route in ours() if route.name.startswith("leaks:")}


def test_the_walk_finds_a_page_that_forgets_to_check(walk, settings):
    settings.ROOT_URLCONF = "tests.guards.leaky_urls"
    route = leaks(walk)["leaks:unguarded"]

    walk.expect(route, "outsider", walk.arguments(route, walk.here), is_404)
    walk.expect(route, "anonymous", walk.arguments(route, walk.here), to_sign_in)

    assert len(walk.wrong) == 4, "two methods by two people"


def test_the_walk_finds_a_page_that_reaches_into_another_workspace(walk, settings):
    settings.ROOT_URLCONF = "tests.guards.leaky_urls"
    route = leaks(walk)["leaks:reaching-out"]

    walk.expect(route, "outsider", walk.arguments(route, walk.here), is_404)
    assert not walk.wrong, "its own workspace is guarded well"
    walk.expect(route, "admin", walk.arguments(route, walk.here, of=walk.there), is_404)

    assert len(walk.wrong) == 2


def test_the_walk_finds_a_page_that_declares_nothing(walk, settings):
    settings.ROOT_URLCONF = "tests.guards.leaky_urls"

    assert leaks(walk)["leaks:undeclared"].declared is None
