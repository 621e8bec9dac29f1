"""The simulator as one object: a request comes in, an answer goes out, and the call is written down."""

from __future__ import annotations

import secrets
import time
from itertools import chain
from urllib.parse import urlsplit

from pinconnect.simulator import (
    accounts,
    audiences,
    control,
    customer_lists,
    events,
    faults,
    limits,
    oauth_api,
    oauth_pages,
    routing,
    sharing,
    static,
    tokens,
    uploads,
)
from pinconnect.simulator.calls import Call
from pinconnect.simulator.http import Answer, ApiError, Request
from pinconnect.simulator.routing import Context, Note, Route
from pinconnect.simulator.world import LOCAL_HOSTS, Config, World

API_ROUTES: tuple[Route, ...] = tuple(
    chain(
        oauth_api.ROUTES,
        accounts.ROUTES,
        customer_lists.ROUTES,
        uploads.ROUTES,
        audiences.ROUTES,
        sharing.ROUTES,
        events.ROUTES,
    )
)
OWN_ROUTES: tuple[Route, ...] = tuple(chain(oauth_pages.ROUTES, control.ROUTES, static.ROUTES, uploads.BUCKET_ROUTES))


class Simulator:
    """A pretend Pinterest. handle() may be called from many threads."""

    def __init__(self, config: Config) -> None:
        self.world = World(config)

    def handle(self, request: Request) -> Answer:
        """Answer one request; never raises."""
        if not self._host_is_allowed(request):
            return Answer(403, {"content-type": "text/plain"}, b"This host name is not allowed for the simulator.\n")
        if request.path.startswith("/v5/"):
            return self._api(request)
        return self._own(request)

    def close(self) -> None:
        """Close the files."""
        self.world.close()

    def _host_is_allowed(self, request: Request) -> bool:
        # A page elsewhere must not reach the simulator under a name of its own (DNS rebinding), and a form
        # elsewhere must not work its controls.
        allowed = {*LOCAL_HOSTS, *self.world.config.allowed_hosts}
        host = request.headers.get("host", "")
        origin = request.headers.get("origin")
        if request.method != "GET" and origin and urlsplit(origin).netloc != host:
            return False
        return _without_port(host) in allowed

    def _own(self, request: Request) -> Answer:
        try:
            route, params = routing.find(OWN_ROUTES, request.method, request.path)
            return route.handler(Context(self.world, request, params))
        except ApiError as error:
            return error.answer()

    def _api(self, request: Request) -> Answer:
        started = time.perf_counter()
        note = Note()
        answer = self._serve(request, note)
        answer = answer.with_headers({"x-pinterest-rid": str(secrets.randbelow(9 * 10**15) + 10**15)})
        duration = (time.perf_counter() - started) * 1000
        self.world.calls.add(
            Call(
                at=round(self.world.now(), 3),
                method=request.method,
                path=request.path,
                operation=note.operation,
                operation_type=note.operation_type,
                records=note.records,
                status=answer.status,
                ending=answer.ending.value,
                duration_ms=round(duration, 2),
                user=note.user,
                fault=note.fault,
            )
        )
        return answer

    def _serve(self, request: Request, note: Note) -> Answer:
        try:
            route, params = routing.find(API_ROUTES, request.method, request.path)
        except ApiError as error:
            return error.answer().with_headers(limits.count(self.world, "all", None).headers)
        note.operation = route.operation
        fault = faults.take(self.world, request, route.operation)
        note.fault = fault.kind if fault else None
        token = tokens.find(self.world, request.bearer(), tokens.PREFIXES)
        note.user = token.user if token else None
        verdict = limits.count(self.world, route.category, note.user)
        context = Context(self.world, request, params, token, note)
        answer = self._carry_out(route, context, verdict, fault)
        return answer.with_headers({**verdict.headers, **answer.headers})

    def _carry_out(self, route: Route, context: Context, verdict: limits.Verdict, fault: faults.Fault | None) -> Answer:
        if verdict.is_over:
            refusal = ApiError(429, 8, limits.MESSAGE, headers={"x-envoy-ratelimited": "true"})
            return refusal.answer()
        if fault and fault.when == "before":
            struck = faults.answer(fault, None)
            if struck:
                return struck
        try:
            routing.authorise(route, context.params, context.token)
            answer = route.handler(context)
        except ApiError as error:
            answer = error.answer()
        if fault:
            return faults.answer(fault, answer) or answer
        return answer


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
