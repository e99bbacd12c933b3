"""Guards what the installed app keeps for reading offline: a person's own pages while they are theirs, and no more.

The worker runs in node, with stores of pages that are plain maps.
"""

import json
import subprocess

import pytest
from django.test import Client

_STAGE = """
const listeners = {}, stores = new Map();
const store = (name) => {
  if (!stores.has(name)) stores.set(name, new Map());
  const kept = stores.get(name);
  return {
    addAll: async (urls) => urls.forEach((url) => kept.set(url, {})),
    put: async (request, answer) => { if (FULL) throw new Error("full"); kept.set(request.url ?? request, answer); },
    delete: async (request) => kept.delete(request.url),
  };
};
let FULL = false;
globalThis.self = {
  addEventListener: (kind, heard) => (listeners[kind] = heard), skipWaiting() {}, clients: { claim() {} },
};
globalThis.location = { origin: "https://hall.example" };
globalThis.caches = {
  open: async (name) => store(name),
  keys: async () => [...stores.keys()],
  delete: async (name) => stores.delete(name),
  match: async (request, options) => {
    const key = request.url ?? request;
    const open = [...stores].filter(([name]) => !options || options.cacheName === name).map(([, kept]) => kept);
    return open.find((kept) => kept.has(key))?.get(key);
  },
};
let online = {};
globalThis.fetch = async (request) => {
  const status = online[new URL(request.url).pathname];
  if (!status) throw new TypeError("no connection");
  return { ok: status === 200, status, redirected: false, clone() { return { ...this, kept: true }; } };
};
const heard = async (kind, event = {}) => {
  let waiting;
  const wait = (until) => (waiting = until);
  listeners[kind]({ ...event, waitUntil: wait, respondWith: wait });
  return await waiting;
};
const visit = (path) => heard("fetch", { request: { method: "GET", mode: "navigate", url: location.origin + path } });
const kept = () => [...(stores.get("pages") ?? new Map()).keys()].map((url) => url.replace(location.origin, ""));
"""


def played(client: Client, script: str) -> object:
    """What a script ends with that is played to the worker."""
    worker = client.get("/worker.js").text
    program = f"{_STAGE}\n{worker}\n(async () => {{ {script} }})().then((found) => console.log(JSON.stringify(found)));"
    found = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(found.stdout)


@pytest.mark.parametrize(
    ("path", "stays"),
    [
        ("/", True), ("/homes/h/", True), ("/homes/h/bills/", True), ("/homes/h/bills/1-2/", True),
        ("/homes/h/usage/", True), ("/homes/h/usage/2026/", True), ("/homes/h/usage/2026-11-21/", True),
        ("/homes/h/usage/download/", False), ("/homes/h/usage/supply/", False), ("/homes/h/bills/1-2/pdf/", False),
        ("/me/", False), ("/console/", False), ("/account/login/", False),
    ],
)  # fmt: skip
def test_what_is_kept(client: Client, path: str, stays: bool) -> None:
    script = f"online = {{ {path!r}: 200 }}; await visit({path!r}).catch(() => 0); return kept();"
    assert played(client, script) == ([path] if stays else [])


def test_what_is_not_ones_own_any_more_is_not_read_offline(client: Client) -> None:
    script = """
        online = { "/homes/h/": 200 }; await visit("/homes/h/");
        online = { "/homes/h/": 404 }; await visit("/homes/h/");
        return kept();
    """
    assert played(client, script) == []


def test_without_a_connection_what_was_kept_is_shown_else_the_page_that_says_so(client: Client) -> None:
    script = """
        await heard("install"); online = { "/homes/h/": 200 }; await visit("/homes/h/"); online = {};
        return [(await visit("/homes/h/")).kept, await visit("/homes/other/")];
    """
    assert played(client, script) == [True, {}]


def test_a_full_store_does_not_hide_the_page(client: Client) -> None:
    script = """online = { "/homes/h/": 200 }; FULL = true; return (await visit("/homes/h/"))?.status;"""
    assert played(client, script) == 200


def test_a_new_release_forgets_pages_whose_files_are_gone(client: Client) -> None:
    script = """
        stores.set("frame of before", new Map()); await heard("install");
        online = { "/": 200 }; await visit("/"); await heard("activate");
        return [kept(), stores.has("frame of before"), [...stores.keys()].length];
    """
    assert played(client, script) == [[], False, 1]
