"""django-q2's cluster with a stop that always comes to an end."""

import threading
from types import FrameType

from django_q import cluster


class Cluster(cluster.Cluster):
    """Stops on SIGTERM and SIGINT, whether they were sent to this process or to its whole group."""

    def __init__(self) -> None:
        self._stop_asked = False
        super().__init__()

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        # django-q2 stops inside of the handler, and hangs for ever when the signal killed its sentinel as well.
        self._stop_asked = True

    def run(self) -> bool:
        """Run until asked to stop; False when the cluster ended by itself."""
        self.start()
        while self.sentinel.is_alive() and not self._stop_asked:
            self.sentinel.join(0.2)
        if self._stop_asked:
            # Setting the event waits for the sentinel to notice, and a killed one never does.
            threading.Thread(target=self.stop_event.set, daemon=True).start()
            while self.sentinel.is_alive():
                self.sentinel.join(0.2)
        return self._stop_asked
