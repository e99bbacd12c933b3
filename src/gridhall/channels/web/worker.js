// The installed app: keeps the frame of the pages, and the last bill and usage that were looked at, to be read offline.
const SHELL = /*SHELL*/[];
const FRAME = "frame " + SHELL.join(" ");
const PAGES = "pages";
// Pages that may be read without a connection: the home, one bill, usage.
const KEPT = [/^\/$/, /^\/homes\/[^/]+\/$/, /^\/homes\/[^/]+\/bills\/[^/]*\/?$/, /^\/homes\/[^/]+\/usage\/(\d{4}(-\d{2}){0,2}\/)?$/];

self.addEventListener("install", (event) => event.waitUntil(caches.open(FRAME).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting())));
// Kept pages name files of their release: with a new frame they go, and come back as they are looked at.
self.addEventListener("activate", (event) => event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((name) => name !== FRAME).map((name) => caches.delete(name)))).then(() => self.clients.claim())));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/account/")) return;
  if (url.pathname.startsWith("/static/")) {
    event.respondWith(file(event.request));
    return;
  }
  if (event.request.mode === "navigate") event.respondWith(page(event.request, url));
});

// A page names what it wants to be readable offline beside itself: the last bill, the usage.
self.addEventListener("message", (event) => {
  const wanted = (event.data?.keep ?? []).map((path) => new URL(path, location.origin)).filter((url) => url.origin === location.origin && KEPT.some((form) => form.test(url.pathname)));
  event.waitUntil(Promise.all(wanted.map((url) => page(new Request(url, { credentials: "same-origin" }), url))));
});

// Files are named by their content: what was fetched once never changes.
async function file(request) {
  const found = await caches.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) (await caches.open(FRAME)).put(request, answer.clone());
  return answer;
}

async function page(request, url) {
  let answer;
  try {
    answer = await fetch(request);
  } catch {
    const stored = await caches.match(request, { cacheName: PAGES });
    return stored ?? caches.match("/offline/");
  }
  // A store that is full is no reason to show less.
  await keep(request, url, answer.clone()).catch(() => {});
  return answer;
}

async function keep(request, url, answer) {
  const cache = await caches.open(PAGES);
  if (answer.ok && !answer.redirected && KEPT.some((form) => form.test(url.pathname))) await cache.put(request, answer);
  // What is not this person's any more, as after a share has ended, is not to be read offline either.
  else if ([403, 404].includes(answer.status)) await cache.delete(request);
}
