// "Update token" in a window of its own. Without this script, or when pop-ups are blocked, it happens in this window.
//
// The two windows speak through a BroadcastChannel: a trip over another site cuts the tie between a window and its
// opener, because our pages ask browsers for that (Cross-Origin-Opener-Policy), and so may Pinterest's.
(function () {
  "use strict";
  if (!window.BroadcastChannel) return;

  document.querySelectorAll("form[data-window]").forEach(function (form) {
    const name = form.dataset.window;
    const next = form.querySelector("input[name=next]");
    const status = document.getElementById(form.dataset.windowStatus);
    const channel = new BroadcastChannel(name);

    form.addEventListener("submit", function () {
      // The name has no "noopener": with it the browser would not say whether the window was allowed to open.
      const opened = window.open("", name, "popup,width=760,height=860");
      form.target = opened ? name : "";
      next.value = opened ? form.dataset.windowNext : "";
      if (opened && status) status.textContent = form.dataset.windowSays;
      if (opened) opened.focus();
    });

    channel.addEventListener("message", function (event) {
      if (event.data !== "updated") return;
      channel.postMessage("seen");
      channel.close();
      window.location.replace(window.location.pathname);
    });
  });
})();
