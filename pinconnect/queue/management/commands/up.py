"""Sets everything up and runs it in the foreground: pages, worker and, without a Pinterest app, the simulator."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pinconnect.queue import launching
from pinconnect.queue.launching import Printer
from pinconnect.queue.processes import Backoff, Child, Program, StopSignals, manage, stop_all

_GRACE_S = 8.5
_START_WAIT_S = 120.0
_TICK_S = 0.2


@dataclass
class Service:
    """A program, how to see that it works, and whether it was seen to work."""

    program: Program
    is_ready: Callable[[], bool]
    was_ready: bool = False
    restart_at: float | None = None


class Command(BaseCommand):
    help = "Sets everything up and runs it until Ctrl-C or SIGTERM. `make run` calls it."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.printer = Printer(sys.stdout)
        try:
            with launching.only_one(settings.DATA_DIR) as was_cut_off:
                for setting, host, port in _ports():
                    launching.refuse_taken_port(setting, host, port, was_cut_off=was_cut_off)
                launching.prepare(self.say)
                self.run()
        except KeyboardInterrupt:
            self.say("Stopped before anything was running.")

    def say(self, text: str) -> None:
        self.printer.line("up", text)

    def run(self) -> None:
        """Start all programs and look after them until asked to stop; none is left at the end."""
        signals = StopSignals()
        services = _services()
        self.children = {service.program.name: self._child(service) for service in services}
        self.backoffs = {service.program.name: Backoff() for service in services}
        try:
            for service in services:
                self._start(service)
            self._attend(services, signals)
        finally:
            self.say("Stopping.")
            stop_all(list(self.children.values()), _GRACE_S)
            self.say("Everything has stopped.")

    def _attend(self, services: list[Service], signals: StopSignals) -> None:
        waiting_until = time.monotonic() + _START_WAIT_S
        announced = False
        while not signals.asked:
            for service in services:
                self._look_after(service)
            late = [service.program.name for service in services if not service.was_ready]
            if not late and not announced:
                self.printer.write(_welcome())
                announced = True
            if late and time.monotonic() > waiting_until:
                raise CommandError(
                    f"Not everything started: no answer from {', '.join(late)}. Its lines above say why."
                )
            time.sleep(_TICK_S)

    def _look_after(self, service: Service) -> None:
        name, now = service.program.name, time.monotonic()
        child = self.children[name]
        if service.restart_at is not None:
            if now >= service.restart_at:
                self._start(service)
        elif not child.is_running:
            pause_s = self.backoffs[name].pause_s(now)
            self.say(f"{name} ended with status {child.status} and is started again in {pause_s:.0f} s.")
            child.kill()
            service.restart_at = now + pause_s
        elif not service.was_ready:
            service.was_ready = service.is_ready()

    def _start(self, service: Service) -> None:
        name = service.program.name
        service.restart_at = None
        self.children[name] = self._child(service)
        self.children[name].start()
        self.backoffs[name].started(time.monotonic())

    def _child(self, service: Service) -> Child:
        return Child(service.program, on_line=self.printer.line)


def _ports() -> list[tuple[str, str, int]]:
    """Each port that we are to listen on, with the name of its setting and the address."""
    ports = [("PORT", str(settings.LISTEN_HOST), int(settings.PORT))]
    return ports + [("SIMULATOR_PORT", "127.0.0.1", int(settings.SIMULATOR_PORT))] * settings.USE_SIMULATOR


def _services() -> list[Service]:
    began = timezone.now()
    services = [
        Service(_web(), lambda: launching.answers(_own_address(), settings.PORT, "/healthz")),
        Service(Program("worker", manage("worker")), lambda: launching.worker_runs(began)),
    ]
    if settings.USE_SIMULATOR:
        ready = Service(_simulator(), lambda: launching.answers("127.0.0.1", settings.SIMULATOR_PORT, "/_simulator/"))
        services.insert(0, ready)
    return services


def _web() -> Program:
    host = f"[{settings.LISTEN_HOST}]" if ":" in settings.LISTEN_HOST else settings.LISTEN_HOST
    options = ("-c", "python:pinconnect.queue.web_server", "--bind", f"{host}:{settings.PORT}")
    return Program("web", (sys.executable, "-m", "gunicorn", *options, "pinconnect.wsgi:application"))


def _own_address() -> str:
    """Where we reach our own pages; "listen everywhere" is no address to go to."""
    host = str(settings.LISTEN_HOST)
    with suppress(ValueError):
        return "localhost" if ip_address(host).is_unspecified else host
    return host


def _simulator() -> Program:
    options = {
        "--host": "127.0.0.1",
        "--port": str(settings.SIMULATOR_PORT),
        "--data-dir": str(settings.DATA_DIR / "simulator"),
        "--app-id": settings.PINTEREST_APP_ID,
        "--app-secret": settings.PINTEREST_APP_SECRET,
        "--redirect-uri": settings.PINTEREST_REDIRECT_URI,
    }
    pairs = [word for pair in options.items() for word in pair]
    return Program("simulator", (sys.executable, "-m", "pinconnect.simulator", *pairs))


def _welcome() -> str:
    lines = ["", f"PinConnect is running:  {settings.BASE_URL}"]
    if settings.DEMO:
        lines += [f"Sign in as              {settings.DEMO_EMAIL}", f"Password                {settings.DEMO_PASSWORD}"]
    if settings.USE_SIMULATOR:
        lines += [f"Simulated Pinterest:    {settings.SIMULATOR_URL}/_simulator/"]
    lines += ["", f"The data is kept in {settings.DATA_DIR}. Ctrl-C stops everything."]
    if settings.DEMO:
        lines += ["Next: sign in, open Profiles, and connect a Pinterest profile."]
    else:
        lines += ["The first admin and their workspace are made with: python manage.py create_admin YOUR-ADDRESS"]
    if settings.DEMO and settings.LISTEN_HOST not in {"127.0.0.1", "::1", "localhost"}:
        lines += ["Careful: this demo can be reached from other machines."]
    return "\n".join([*lines, "", ""])
