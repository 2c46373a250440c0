// The console's own script. Pages work without it: it copies ids, writes moments in the viewer's zone, takes keys, polls.
"use strict";

const EVERY_MS = 5000;
let paused = false;
let failedSince = 0;
let after = 0;

function tell(text) {
  document.getElementById("told").textContent = text;
  if (text) setTimeout(() => { document.getElementById("told").textContent = ""; }, 2000);
}

function dress(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
    const at = new Date(time.dateTime);
    time.dataset.local = "";
    time.title = time.textContent;
    time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, {
      dateStyle: "short", timeStyle: "medium",
    }).format(at);
  }
  for (const button of root.querySelectorAll(".copy[hidden]")) button.hidden = false;
}

function copyPlainly(text) { // without HTTPS there is no clipboard API
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyPlainly(text)) return;
  }
  tell(document.body.dataset.copied);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button.dataset.copy);
});

document.addEventListener("submit", (event) => {
  const asked = event.target.dataset.confirm;
  if (asked && !window.confirm(asked)) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  if (event.key === "/") {
    const find = document.getElementById("find");
    if (find) { event.preventDefault(); find.focus(); find.select(); }
  } else if (event.key === "g") {
    after = Date.now();
  } else if (Date.now() - after < 1500) {
    const page = [...document.querySelectorAll("nav a[data-key]")].find((one) => one.dataset.key === event.key);
    if (page) location.href = page.href;
  }
});

function poll() {
  if (document.hidden || paused) return; // a tab that nobody sees asks for nothing
  for (const part of document.querySelectorAll("[data-poll]")) htmx.trigger(part, "poll");
}

function failed() {
  failedSince ||= Date.now();
  const seconds = Math.round((Date.now() - failedSince) / 1000);
  document.getElementById("told").textContent = `${document.body.dataset.stale} ${seconds} s`;
}

document.addEventListener("DOMContentLoaded", () => {
  dress(document);
  document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  if (!document.querySelector("[data-poll]")) return;
  const button = document.getElementById("pause");
  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.textContent = paused ? button.dataset.go : button.dataset.pause;
    button.setAttribute("aria-pressed", String(paused));
  });
  setInterval(poll, EVERY_MS);
  for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) document.addEventListener(name, failed);
  document.addEventListener("htmx:afterSwap", () => { failedSince = 0; document.getElementById("told").textContent = ""; });
});

document.addEventListener("htmx:afterSwap", (event) => dress(event.target));
