"""The worker: runs the clusters and the patrol, and kills and restarts a cluster that hangs or dies."""

import logging
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from pinconnect.queue.patrol import Patrol
from pinconnect.queue.processes import Backoff, Child, Program, StopSignals, manage, stop_all
from pinconnect.queue.watchdog import Patience, Pulse

logger = logging.getLogger(__name__)

_TICK_S = 0.2


@dataclass(frozen=True)
class ClusterPlan:
    """name is what people call it, queue what django-q2 calls it; workers is how many tasks it runs at once."""

    name: str
    queue: str
    workers: int


class WatchedCluster:
    """One cluster: its processes, the pipe on which they report, and the pipe that is closed to stop its tasks."""

    def __init__(self, plan: ClusterPlan, patience: Patience, canary_every_s: float) -> None:
        self.plan = plan
        self._patience, self._canary_every_s = patience, canary_every_s
        self._backoff = Backoff()
        self._restart_at = 0.0
        self._announced = False
        self.starts = 0
        self.start(time.monotonic())

    def start(self, now: float) -> None:
        self._reports, child_reports = os.pipe()
        child_stop, self._stop = os.pipe()
        os.set_blocking(self._reports, False)
        command = manage(
            "queue_cluster",
            f"--reports={child_reports}",
            f"--stopping={child_stop}",
            f"--canary-every={self._canary_every_s}",
        )
        environment = {"Q_CLUSTER_NAME": self.plan.queue}
        self.child = Child(Program(self.plan.name, command, environment, (child_reports, child_stop)))
        self.child.start()
        self.starts += 1
        os.close(child_reports)
        os.close(child_stop)
        self.pulse = Pulse(self.plan.workers, now, self._patience)
        self._unread = b""
        self._is_down = False
        self._backoff.started(now)

    def look_after(self, now: float) -> None:
        """Listen to the reports; kill what hangs; start what is down, after a pause."""
        self._listen(now)
        if self._is_down:
            if now >= self._restart_at:
                self.start(now)
            return
        trouble = self.pulse.trouble(now) if self.child.is_running else f"it ended with status {self.child.status}"
        if trouble:
            self._take_down(trouble, now)
        elif self.pulse.has_started and not self._announced:
            logger.info("The %s cluster runs tasks, %s at once.", self.plan.name, self.plan.workers)
            self._announced = True

    @property
    def is_well(self) -> bool:
        return not self._is_down and self.pulse.is_well(time.monotonic())

    def ask_tasks_to_stop(self) -> None:
        # Closed once: by now the number may be another file's.
        ours, self._stop = self._stop, -1
        if ours >= 0:
            os.close(ours)

    def _take_down(self, trouble: str, now: float) -> None:
        pause_s = self._backoff.pause_s(now)
        logger.error("The %s cluster is started again in %.0f s: %s.", self.plan.name, pause_s, trouble)
        self.child.kill()
        os.close(self._reports)
        self.ask_tasks_to_stop()
        self._is_down, self._announced, self._restart_at = True, False, now + pause_s

    def _listen(self, now: float) -> None:
        if self._is_down:
            return
        with suppress(BlockingIOError):
            while chunk := os.read(self._reports, 65_536):
                self._unread += chunk
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            self.pulse.hear(line.decode(), now)


def run(
    plans: Sequence[ClusterPlan], *, grace_s: float, patience: Patience | None = None, canary_every_s: float = 5.0
) -> int:
    """Run until SIGTERM or SIGINT; returns the exit status. Must be called in the main thread."""
    signals = StopSignals()
    clusters = [WatchedCluster(plan, patience or Patience(), canary_every_s) for plan in plans]
    patrol = Patrol(
        lambda: [cluster.plan.name for cluster in clusters if cluster.is_well],
        lambda: sum(cluster.starts for cluster in clusters),
    )
    patrol.start()
    while not signals.asked and not patrol.is_stuck:
        for cluster in clusters:
            cluster.look_after(time.monotonic())
        time.sleep(_TICK_S)
    if patrol.is_stuck:
        logger.error("A reconciler does not end. The worker stops, to be started again by what supervises it.")
    _stop(clusters, patrol, grace_s)
    return 0 if signals.asked else 1


def _stop(clusters: Sequence[WatchedCluster], patrol: Patrol, grace_s: float) -> None:
    logger.info("The worker is stopping.")
    for cluster in clusters:
        cluster.ask_tasks_to_stop()
    late = stop_all([cluster.child for cluster in clusters], grace_s)
    if late:
        logger.warning(
            "Tasks of the %s cluster did not end in %.0f s and were cut off; they go on after the next start.",
            " and the ".join(late),
            grace_s,
        )
    patrol.end(wait_s=1.0)
    logger.info("The worker has stopped.")
