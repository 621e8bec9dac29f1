// The end of a trip in a window of its own: tells the page behind, and closes. Where closing is not allowed, or nobody
// listens any more, the page says what to do.
(function () {
  "use strict";
  const end = document.querySelector("[data-window-end]");
  if (!end || !window.BroadcastChannel) return;
  const channel = new BroadcastChannel(end.dataset.windowEnd);
  channel.addEventListener("message", function (event) {
    if (event.data === "seen") window.close();
  });
  channel.postMessage("updated");
})();
