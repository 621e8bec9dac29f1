// Small refinements; every page works without them.
(function () {
  "use strict";
  document.documentElement.classList.add("has-js");
  if (navigator.clipboard) document.documentElement.classList.add("has-clipboard");

  // Copy buttons. The answer is said in the button itself, which is a live region.
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-copy]");
    if (!button || !navigator.clipboard) return;
    const label = button.querySelector("[data-copy-label]") || button;
    const before = button.dataset.copyBefore || label.textContent;
    button.dataset.copyBefore = before;
    navigator.clipboard.writeText(button.dataset.copy).then(
      function () { label.textContent = "Copied"; },
      function () { label.textContent = "Could not copy: select the text instead"; }
    );
    window.setTimeout(function () { label.textContent = before; }, 2500);
  });

  // Menus close when the eye is elsewhere.
  function closeMenus(except) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (!except || !menu.contains(except)) menu.open = false;
    });
  }
  document.addEventListener("click", function (event) { closeMenus(event.target); });
  document.addEventListener("focusin", function (event) { closeMenus(event.target); });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    const menu = event.target.closest && event.target.closest("details.menu[open]");
    closeMenus(null);
    if (menu) menu.querySelector("summary").focus();
  });

  // A file held over its field shows that it may be dropped.
  ["dragenter", "dragover", "dragleave", "drop"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      const input = event.target;
      if (!(input instanceof HTMLInputElement) || input.type !== "file") return;
      input.classList.toggle("is-over", name === "dragenter" || name === "dragover");
    });
  });

  // A form marked data-once is sent once, however often its button is pressed.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (!form.matches("form[data-once]")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "true";
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
  });
})();
