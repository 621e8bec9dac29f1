// Shows how far an upload is. Without this script the form is sent as any other, and works the same.
(function () {
  "use strict";
  const form = document.querySelector("form[data-upload]");
  if (!form || !window.FormData || !window.XMLHttpRequest) return;

  const one = function (name) { return form.querySelector("[data-upload-" + name + "]"); };
  let running = null;

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    // The form is sent from here, so the general guard against a second submit must not lock it for good.
    event.stopPropagation();
    if (running) return;
    const input = form.querySelector("input[type=file]");
    const file = input && input.files[0];
    if (file && file.size > Number(input.dataset.maxBytes)) return fail(input.dataset.tooLarge);
    check(file);
  });

  one("stop").addEventListener("click", function () {
    if (running) running.abort();
  });

  // The small fields first: a name that is taken should not cost an upload.
  function check(file) {
    const fields = new FormData(form);
    if (file) fields.delete("file");
    begin("Checking", null);
    send(fields, file ? "check" : "send", function (request) {
      if (request.status === 204) upload(file);
      else answer(request);
    });
  }

  function upload(file) {
    begin("Uploading", 0);
    const started = Date.now();
    let said = 0;
    const request = send(new FormData(form), "send", answer);
    request.upload.addEventListener("progress", function (event) {
      if (!event.lengthComputable) return;
      const part = event.loaded / event.total;
      form.querySelector("progress").value = part;
      one("text").textContent = pace(event, (Date.now() - started) / 1000);
      // Screen readers hear every quarter, not every kilobyte.
      if (part >= said + 0.25) {
        said = Math.floor(part * 4) / 4;
        one("said").textContent = Math.round(said * 100) + " percent of " + file.name + " uploaded";
      }
    });
    request.upload.addEventListener("load", function () { begin("Uploaded. Looking into the file", null); });
  }

  function send(body, wish, done) {
    const request = new XMLHttpRequest();
    request.open("POST", form.action || window.location.href);
    request.setRequestHeader("X-Upload", wish);
    request.addEventListener("load", function () { done(request); });
    request.addEventListener("error", function () {
      fail("The connection broke off, and nothing of the file was kept. Check your network, then upload it again.");
    });
    request.addEventListener("abort", function () { fail("You stopped the upload; nothing of the file was kept."); });
    running = request;
    request.send(body);
    return request;
  }

  function answer(request) {
    if (request.status === 200) {
      let found = null;
      try { found = JSON.parse(request.responseText); } catch (error) { /* another page came: see below */ }
      if (found) return window.location.assign(found.url);
      // Signed out meanwhile: the answer is the sign-in page.
      return window.location.assign(request.responseURL);
    }
    if (request.status === 422) return showErrors(request.responseText);
    if (request.status === 413) return fail("A server on the way takes no file of this size. Ask your administrator.");
    fail("The server answered with error " + request.status + ". Nothing of the file was kept. Try again in a minute.");
  }

  // The form comes back with its errors; the chosen file stays chosen.
  function showErrors(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("form[data-upload]");
    if (!fresh) return fail("The server's answer could not be read. Try again in a minute.");
    const body = form.querySelector(".form");
    const input = body.querySelector("input[type=file]");
    body.replaceChildren.apply(body, Array.from(fresh.querySelector(".form").childNodes));
    const empty = body.querySelector("input[type=file]");
    if (empty) {
      ["aria-invalid", "aria-describedby"].forEach(function (name) {
        if (empty.hasAttribute(name)) input.setAttribute(name, empty.getAttribute(name));
        else input.removeAttribute(name);
      });
      empty.replaceWith(input);
    }
    end();
    const heading = body.querySelector("[autofocus]");
    if (heading) heading.focus();
  }

  function begin(step, value) {
    const bar = form.querySelector("progress");
    one("progress").hidden = false;
    one("error").hidden = true;
    one("stop").hidden = false;
    one("step").textContent = step;
    one("text").textContent = "";
    one("said").textContent = step;
    if (value === null) bar.removeAttribute("value");
    else bar.value = value;
    form.querySelector("button[type=submit]").disabled = true;
  }

  function end() {
    running = null;
    one("progress").hidden = true;
    one("stop").hidden = true;
    form.querySelector("button[type=submit]").disabled = false;
  }

  function fail(text) {
    end();
    one("error-text").textContent = text;
    one("error").hidden = false;
  }

  function pace(event, seconds) {
    const rate = event.loaded / Math.max(seconds, 0.1);
    const left = Math.ceil((event.total - event.loaded) / rate);
    const text = size(event.loaded) + " of " + size(event.total);
    if (seconds < 2) return text;
    return text + ", " + size(rate) + "/s, " + (left > 90 ? Math.ceil(left / 60) + " min" : left + " s") + " left";
  }

  function size(bytes) {
    const units = ["B", "KB", "MB", "GB"];
    let unit = 0;
    while (bytes >= 1000 && unit < units.length - 1) { bytes /= 1000; unit += 1; }
    return (bytes < 10 && unit ? bytes.toFixed(1) : Math.round(bytes)) + " " + units[unit];
  }

  // Leaving would stop it; the browser asks.
  window.addEventListener("beforeunload", function (event) {
    if (running && running.readyState < 4) event.preventDefault();
  });
})();
