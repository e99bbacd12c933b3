// Small behaviours that every page has: notices that leave, menus that close, keys, the installed app.
document.addEventListener("click", (event) => {
  const close = event.target.closest("[data-close]");
  if (close) close.closest("[data-notice]")?.remove();
  document.querySelectorAll("details.switcher[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  const printer = event.target.closest("[data-print]");
  if (printer) window.print();
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const field = document.querySelector(`[data-hotkey="${CSS.escape(event.key)}"]`);
    if (field) { event.preventDefault(); field.focus(); field.select?.(); }
  }
  if (event.key === "Escape") document.querySelectorAll("details.switcher[open]").forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
});

const leave = (notice) => setTimeout(() => notice.remove(), 8000);
document.querySelectorAll("[data-notice]:not(.notice-error)").forEach(leave);

// On a small screen the console's rail scrolls: where one is comes into view.
document.querySelector(".rail [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

// A form that may be sent once: a second press of the button does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.dataset.sent) { if (form.dataset.sent) event.preventDefault(); return; }
  if (form.method === "post" && !form.hasAttribute("data-again")) {
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 4000);
  }
});

// An answer with an error is shown where it belongs instead of being dropped.
document.addEventListener("htmx:beforeSwap", (event) => {
  if ([403, 404, 409, 422].includes(event.detail.xhr.status)) { event.detail.shouldSwap = true; event.detail.isError = false; }
});

if ("serviceWorker" in navigator && document.body.classList.contains("hall")) {
  navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready).then((ready) => {
    const keep = [...document.querySelectorAll("[data-keep-offline]")].map((link) => link.getAttribute("href"));
    if (keep.length && navigator.onLine) ready.active.postMessage({ keep });
  }).catch(() => {});
}

const offline = document.getElementById("offline");
const connection = () => { if (offline) offline.hidden = navigator.onLine; };
addEventListener("online", connection); addEventListener("offline", connection); connection();
