"use strict";
// The page's one script. Everything shown comes from elsewhere and is hostile: only text nodes and a short list of
// elements are ever made, never HTML.

const at = (id) => document.getElementById(id);
const KEPT = new Set("p br strong em u del code pre a blockquote ul ol li h1 h2 h3 h4 hr".split(" "));
const SAFE = /^(https?:|mailto:|tel:)/i;
const STATUS = { pending: "Bot answers", open: "With the team", resolved: "Resolved", snoozed: "Snoozed" };
const MEANS = { queue: "from the door to a worker", draft: "the crew writes", window: "is the customer still writing?",
                commit: "decided, and written down in Redis", post: "into the conversation in Chatwoot" };
const WAITS = [0, 250, 600, 1200, 2500, 5000];
const state = { accounts: [], account: null, channel: "whatsapp", threads: new Map(), open: null, messages: new Map(),
                traces: new Map(), file: null, typingSince: 0, contactTyping: false };

// ---------------------------------------------------------------- asking

async function ask(method, path, body) {
  const options = { method, headers: body ? { "Content-Type": "application/json" } : {} };
  if (body) options.body = JSON.stringify(body);
  const response = await fetch("/sandbox/api" + path, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error || `The sandbox answered ${response.status}.`);
  return answer;
}

function keyOf(thread) { return `${thread.account}/${thread.id}`; }
function pathOf(key) { const [account, id] = key.split("/"); return `/accounts/${account}/conversations/${id}`; }

async function attempt(work) {
  at("error").textContent = "";
  try { await work(); } catch (error) { at("error").textContent = error.message || String(error); }
}

// ---------------------------------------------------------------- making elements

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (name in element) element[name] = value; else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function icon(name) {
  const known = document.getElementById("i-" + name) ? name : "api";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", "#i-" + known);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

const iconOf = (channel) => icon({ twilio_whatsapp: "whatsapp", bandwidth_sms: "sms", line: "sms" }[channel] || channel);

function grow(nodes) {
  const fragment = document.createDocumentFragment();
  for (const node of nodes) {
    if (typeof node === "string") { fragment.append(node); continue; }
    const element = document.createElement(KEPT.has(node.tag) ? node.tag : "span");
    if (node.tag === "a" && SAFE.test(node.href || "")) {
      element.href = node.href; element.target = "_blank"; element.rel = "noopener noreferrer nofollow";
    }
    element.append(grow(node.children || []));
    fragment.append(element);
  }
  return fragment;
}

const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
const span = (seconds) => seconds >= 1 ? `${seconds.toFixed(2)} s` : seconds > 0 && seconds < .001 ? "<1 ms" : `${Math.round(seconds * 1000)} ms`;

// ---------------------------------------------------------------- one message

function drawMessage(message) {
  const failed = message.status === "failed" ? " failed" : "";
  const item = make("li", { className: message.kind + failed, id: "m" + message.id });
  if (message.kind === "activity") { item.textContent = message.text; return item; }
  const by = writer(message);
  if (by) item.append(by);
  const bubble = make("div", { className: "bubble" + (isHtml(message) ? " html" : "") }, grow(message.shown));
  for (const attachment of message.attachments) bubble.append(drawAttachment(attachment));
  if (!bubble.childNodes.length) bubble.append("(empty)");
  const choices = drawChoices(message);
  if (choices) bubble.append(choices);
  item.append(bubble, drawMeta(message));
  if (message.turn && message.kind === "outgoing") { const took = drawTook(message); if (took) item.append(took); }
  return item;
}

function drawChoices(message) {
  const { items, submitted_values: picked } = message.content_attributes || {};
  if (message.content_type !== "input_select" || !Array.isArray(items)) return null;
  const title = Array.isArray(picked) && picked.length ? picked[0].title : null;
  return make("div", { className: "choices" }, ...items.map((item) => {
    const button = make("button", { type: "button", disabled: title !== null, onclick: () => pick(message, item) }, String(item.title));
    button.setAttribute("aria-pressed", String(item.title === title));
    return button;
  }));
}

// The widget tells of a choice by an update of the question; every other channel by a message of the contact's.
function pick(message, item) {
  return state.channel === "webchat" ? act("submit", { message: message.id, values: [item] }) : attempt(() => send(String(item.title)));
}

function isHtml(message) {
  return message.shown.some((node) => typeof node !== "string" && ["p", "ul", "ol", "h1", "h2", "h3", "h4", "pre", "blockquote"].includes(node.tag));
}

function writer(message) {
  if (message.kind === "note") return make("p", { className: "by" }, icon("lock"), `Private note by ${message.sender.name || "the system"}, unseen by the customer`);
  if (message.kind === "incoming") return state.channel === "email" ? make("p", { className: "by" }, message.sender.name) : null;
  if (message.kind === "template") return make("p", { className: "by" }, "Chatwoot itself");
  return make("p", { className: "by" }, message.sender.name || "An automation");
}

function drawAttachment(attachment) {
  const url = attachment.data_url ? new URL(attachment.data_url, location.href) : null;
  const ours = url && url.pathname.startsWith("/rails/") ? url.pathname + url.search : null;
  if (ours && attachment.file_type === "image") return make("img", { src: ours, alt: "Attached image", loading: "lazy" });
  if (ours && attachment.file_type === "audio") return make("audio", { src: ours, controls: true });
  const label = attachment.fallback_title || `${attachment.file_type}${attachment.extension ? " ." + attachment.extension : ""}`;
  return ours ? make("a", { href: ours, target: "_blank", rel: "noopener" }, label) : make("span", {}, label);
}

function drawMeta(message) {
  const meta = make("p", { className: "meta" }, make("span", {}, clock(message.at)));
  if (message.content_attributes && message.content_attributes.deleted) meta.append(make("span", {}, "deleted"));
  if (message.status === "failed") meta.append(make("span", { className: "fault" }, `Not delivered: ${message.error || "no reason given"}`));
  else if (message.kind === "outgoing" && ["delivered", "read"].includes(message.status)) meta.append(make("span", {}, message.status));
  if (message.after !== null && message.kind === "outgoing" && !message.turn) meta.append(make("span", {}, `${span(message.after)} after the customer`));
  return meta;
}

// ---------------------------------------------------------------- where the time went

function drawTook(message) {
  const trace = state.traces.get(message.turn);
  if (trace === undefined) return null;
  const total = message.after ?? 0;
  const label = make("summary", {}, make("b", {}, `answered in ${span(total)}`));
  if (!trace || !trace.steps || !trace.steps.length) return make("p", { className: "meta" }, label.firstChild);
  const bar = make("span", { className: "bar" });
  bar.setAttribute("aria-hidden", "true");
  for (const step of arrange(trace.steps).filter((one) => !one.inner)) {
    const part = make("span", { className: "s" + step.colour, title: `${step.name} ${span(step.seconds)}` });
    part.style.flexGrow = String(Math.max(step.seconds, 0.0001));
    bar.append(part);
  }
  label.append(bar, make("span", { className: "more" }));
  return make("details", { className: "took" }, label, drawSteps(trace, total));
}

// A turn's own steps follow each other and end with "post"; what comes after it is what its draft consists of.
function arrange(steps) {
  const last = steps.findIndex(([name]) => name === "post");
  const outer = last < 0 ? steps : steps.slice(0, last + 1), within = last < 0 ? [] : steps.slice(last + 1);
  const arranged = [];
  let start = 0;
  outer.forEach(([name, seconds], index) => {
    arranged.push({ name, seconds, start, colour: index % 8, inner: false });
    let inside = start;
    if (name === "draft") for (const [part, took] of within.splice(0)) {
      arranged.push({ name: part, seconds: took, start: inside, colour: index % 8, inner: true });
      inside += took;
    }
    start += seconds;
  });
  return arranged;
}

function drawSteps(trace, total) {
  const steps = arrange(trace.steps);
  const whole = Math.max(...steps.map((step) => step.start + step.seconds), total || 0, 0.000001);
  const list = make("dl", { className: "steps" });
  for (const step of steps) {
    const fill = make("span", { className: "s" + step.colour + (step.inner ? " inner" : "") });
    fill.style.left = `${Math.min(100 * step.start / whole, 99)}%`;
    fill.style.width = `${Math.min(100 * step.seconds / whole, 100)}%`;
    const lane = make("dd", { className: "lane" }, fill);
    lane.setAttribute("aria-hidden", "true");
    const name = make("dt", { className: step.inner ? "inner" : "", title: MEANS[step.name] || null }, step.name.replaceAll("_", " "));
    list.append(name, lane, make("dd", { className: "time" }, span(step.seconds)));
  }
  const sumLine = make("p", { className: "total" }, make("span", {}, "From message to reply"), make("span", {}, span(total)));
  return make("div", { className: "steps-box" }, list, sumLine, drawPassages(trace));
}

// The passages that a crew was given, best first; one without a score stands beside one that was found.
function drawPassages(trace) {
  if (!trace.passages || !trace.passages.length) return null;
  const list = make("ol", { className: "passages" });
  for (const [source, document, score, cited] of trace.passages) {
    const near = score === null || score === undefined ? "beside it" : `score ${Number(score).toFixed(2)}`;
    const item = make("li", { className: cited ? "used" : "" }, make("b", {}, document), make("span", {}, source), make("span", {}, near));
    if (cited) item.append(make("span", { className: "badge" }, "used"));
    list.append(item);
  }
  const some = trace.passages.length === 1 ? "1 passage was given" : `${trace.passages.length} passages were given`;
  return make("div", { className: "passages-box" }, make("p", { className: "total" }, some), list);
}

async function fetchTrace(message) {
  if (state.traces.has(message.turn)) return;
  state.traces.set(message.turn, null);
  for (const wait of WAITS) {
    await new Promise((done) => setTimeout(done, wait));
    try {
      const { trace } = await ask("GET", `/turns/${encodeURIComponent(message.turn)}`);
      if (trace) { state.traces.set(message.turn, trace); break; }
    } catch { break; }
  }
  redraw(message.turn);
}

function redraw(turn) {
  for (const message of state.messages.values()) if (message.turn === turn) placeMessage(message);
  drawLast();
}

function drawLast() {
  const answered = [...state.messages.values()].filter((message) => message.kind === "outgoing" && message.turn);
  const last = answered.at(-1), box = at("steps");
  if (!last) { box.replaceChildren(make("p", { className: "nothing" }, "Comes with the first reply.")); return; }
  const trace = state.traces.get(last.turn);
  if (!trace || !trace.steps || !trace.steps.length) {
    box.replaceChildren(make("p", {}, `Answered in ${span(last.after || 0)}.`), make("p", { className: "nothing" }, "Nobody has kept its steps."));
    return;
  }
  const facts = make("p", { className: "facts" });
  for (const name of ["served_by", "outcome", "channel", "model"]) if (trace[name]) facts.append(make("span", {}, `${name.replace("_", " ")}: ${trace[name]}`));
  box.replaceChildren(drawSteps(trace, last.after || 0), facts);
}

// ---------------------------------------------------------------- the open conversation

function placeMessage(message) {
  const known = at("m" + message.id), drawn = drawMessage(message);
  const wasOpen = known && known.querySelector("details[open]");
  if (wasOpen && drawn.querySelector("details")) drawn.querySelector("details").open = true;
  if (known) known.replaceWith(drawn); else at("messages").append(drawn);
}

function take(message) {
  const fresh = !state.messages.has(message.id);
  state.messages.set(message.id, message);
  const near = isNearEnd();
  placeMessage(message);
  if (message.turn) fetchTrace(message);
  drawLast();
  if (fresh || near) toEnd();
}

function isNearEnd() { const box = at("scroll"); return box.scrollHeight - box.scrollTop - box.clientHeight < 160; }
function toEnd() { const box = at("scroll"); requestAnimationFrame(() => { box.scrollTop = box.scrollHeight; }); }

async function openThread(key) {
  state.opening = key; state.early = [];
  const full = await ask("GET", pathOf(key));
  state.open = key;
  state.threads.set(key, full);
  state.channel = full.channel;
  state.messages.clear();
  at("messages").replaceChildren();
  // What happens while the conversation is being fetched may not be in what was fetched.
  const early = state.opening === key ? state.early : [];
  for (const event of early) told(full, event);
  for (const message of [...full.messages, ...early.flatMap((event) => event.message || [])]) take(message);
  state.opening = null;
  drawAll();
  view("chat");
}

function beginNew(channel) {
  state.open = null;
  state.channel = channel || state.channel;
  state.messages.clear();
  at("messages").replaceChildren();
  drawAll();
  drawLast();
}

function drawAll() { drawTenants(); drawChannels(); drawThreads(); drawHead(); drawOwner(); drawTyping(); drawChips(); }

function inboxOf(channel) { return state.account.inboxes.find((inbox) => inbox.channel === channel) || state.account.inboxes[0]; }

function drawHead() {
  const thread = state.open ? state.threads.get(state.open) : null;
  const inbox = thread ? null : inboxOf(state.channel);
  at("chat").dataset.channel = state.channel;
  at("badge").replaceChildren(iconOf(state.channel));
  at("who").textContent = thread ? thread.contact.name || "Customer" : "New conversation";
  at("where").textContent = thread ? `${thread.subject || thread.inbox_name} · conversation ${thread.id}` : `${inbox.label} · ${state.account.name}`;
  at("status").textContent = thread ? STATUS[thread.status] || thread.status : "";
  at("status").dataset.status = thread ? thread.status : "";
  at("welcome").hidden = Boolean(thread);
  at("new").disabled = !thread;
  at("subjectrow").classList.toggle("on", !thread && state.channel === "email");
  document.title = thread ? `${thread.contact.name} · ChatwootAI sandbox` : "ChatwootAI sandbox";
}

function drawOwner() {
  const thread = state.open ? state.threads.get(state.open) : null;
  const kind = thread ? thread.owner.kind : null, status = thread ? thread.status : null;
  const names = { bot: thread && thread.owner.name, teammate: thread && thread.owner.name, team: "The team" };
  at("ownername").textContent = !thread ? "Nobody has written yet" : status === "resolved" ? "Nobody, it is resolved" : names[kind];
  at("ownerwhy").textContent = !thread ? "" : ({
    pending: "The bot answers what the customer writes.",
    open: kind === "teammate" ? "The bot stays silent." : "The bot handed it over and stays silent.",
    resolved: "A new message from the customer begins again.",
    snoozed: "Laid aside until later.",
  })[status] || "";
  at("takeover").disabled = !thread || kind === "teammate";
  at("handback").disabled = !thread || status === "pending";
  at("resolve").disabled = !thread || status === "resolved";
  for (const control of at("teamwrite").elements) control.disabled = !thread;
}

function drawTyping() {
  const thread = state.open ? state.threads.get(state.open) : null, box = at("typing");
  const others = (thread && thread.typing || []).filter((kind) => kind !== "contact");
  if (!others.length) { box.replaceChildren(); return; }
  const dots = make("span", { className: "dots" }, make("i"), make("i"), make("i"));
  dots.setAttribute("aria-hidden", "true");
  box.replaceChildren(dots, make("span", {}, others.includes("teammate") ? "A teammate is typing" : "Typing"));
  if (isNearEnd()) toEnd();
}

function drawChips() {
  const box = at("chips"), fresh = !state.open;
  box.hidden = !fresh; box.style.display = fresh ? "" : "none";
  box.replaceChildren(...state.account.questions.map((question) =>
    make("button", { type: "button", onclick: () => attempt(() => send(question)) }, question)));
}

function drawTenants() {
  at("tenants").replaceChildren(...state.accounts.map((account) => {
    const button = make("button", { type: "button", onclick: () => { state.account = account; beginNew(inboxOf(state.channel).channel); } }, account.name);
    button.setAttribute("aria-pressed", String(account.id === state.account.id));
    return button;
  }));
}

function drawChannels() {
  for (const box of [at("channels"), at("channels2")]) box.replaceChildren(...state.account.inboxes.filter((inbox) => inbox.channel !== "twilio_whatsapp").map((inbox) => {
    const button = make("button", { type: "button", title: inbox.name, onclick: () => { beginNew(inbox.channel); view("chat"); at("text").focus(); } }, iconOf(inbox.channel), inbox.label);
    button.setAttribute("aria-pressed", String(!state.open && inbox.channel === state.channel));
    return button;
  }));
}

function drawThreads() {
  const mine = [...state.threads.values()].filter((thread) => thread.account === state.account.id);
  mine.sort((one, other) => other.last_activity_at - one.last_activity_at);
  at("nothreads").hidden = mine.length > 0;
  at("threads").replaceChildren(...mine.map(drawThread));
}

function drawThread(thread) {
  const badge = make("span", { className: "badge" }, iconOf(thread.channel));
  badge.dataset.channel = thread.channel;
  const dot = make("span", { className: "dot", title: STATUS[thread.status] || thread.status });
  dot.dataset.status = thread.status;
  const said = (thread.typing || []).includes("bot") ? "typing…" : (thread.last_text || "").replace(/\s+/g, " ").slice(0, 80);
  const button = make("button", { type: "button", onclick: () => attempt(() => openThread(keyOf(thread))) }, badge,
    make("span", { className: "name" }, thread.contact.name || "Customer"), make("span", { className: "when" }, clock(thread.last_activity_at)),
    make("span", { className: "said" }, said), dot, make("span", { className: "hidden" }, STATUS[thread.status] || thread.status));
  button.setAttribute("aria-current", String(state.open === keyOf(thread)));
  return make("li", {}, button);
}

// ---------------------------------------------------------------- doing

async function send(text) {
  const thread = state.open ? state.threads.get(state.open) : null;
  const body = { account: state.account.id, text: text || null };
  if (thread) Object.assign(body, { inbox: thread.inbox, conversation: thread.id });
  else Object.assign(body, { inbox: inboxOf(state.channel).id, new: true });
  if (!thread && state.channel === "email") body.subject = at("subject").value || "Contato pelo site";
  if (state.file) body.attachments = [state.file];
  const written = await ask("POST", "/messages", body);
  setFile(null);
  const key = `${written.account}/${written.conversation}`;
  if (state.open !== key) await openThread(key);
  at("text").focus();
}

async function setFile(file) {
  state.file = null;
  at("fileline").classList.toggle("on", Boolean(file));
  at("filename").textContent = file ? file.name : "";
  if (!file) { at("file").value = ""; return; }
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let index = 0; index < bytes.length; index += 32768) binary += String.fromCharCode(...bytes.subarray(index, index + 32768));
  state.file = { name: file.name, content_type: file.type || "application/octet-stream", data: btoa(binary) };
}

function act(verb, body = {}) { return attempt(() => ask("POST", `${pathOf(state.open)}/${verb}`, body)); }

function tellTyping(on) {
  if (!state.open || on === state.contactTyping) return;
  state.contactTyping = on;
  ask("POST", `${pathOf(state.open)}/type`, { on }).catch(() => {});
}

function fit(area) { area.style.height = "auto"; area.style.height = `${Math.min(area.scrollHeight + 2, 180)}px`; }

function view(name) {
  document.body.dataset.view = name;
  for (const button of document.querySelectorAll(".tabs button")) button.setAttribute("aria-current", String(button.dataset.view === name));
}

function wire() {
  at("write").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = at("text").value.trim();
    if (!text && !state.file) return;
    at("text").value = ""; fit(at("text")); tellTyping(false);
    attempt(() => send(text).catch((error) => { at("text").value = text; fit(at("text")); throw error; }));
  });
  at("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); at("write").requestSubmit(); }
  });
  at("text").addEventListener("input", () => {
    fit(at("text")); tellTyping(at("text").value !== "");
    clearTimeout(state.typingSince); state.typingSince = setTimeout(() => tellTyping(false), 4000);
  });
  at("file").addEventListener("change", () => setFile(at("file").files[0] || null));
  at("unfile").addEventListener("click", () => setFile(null));
  at("new").addEventListener("click", () => { beginNew(); at("text").focus(); });
  at("takeover").addEventListener("click", () => act("takeover"));
  at("handback").addEventListener("click", () => act("handback"));
  at("resolve").addEventListener("click", () => act("resolve"));
  at("teamwrite").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = at("teamtext").value.trim();
    if (!text) { at("teamtext").focus(); return; }
    at("teamtext").value = "";
    act(event.submitter && event.submitter.value === "note" ? "note" : "reply", { text });
  });
  for (const button of document.querySelectorAll(".tabs button")) button.addEventListener("click", () => view(button.dataset.view));
  at("theme").addEventListener("click", () => {
    const dark = document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    document.documentElement.dataset.theme = dark === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", document.documentElement.dataset.theme); } catch { /* private window */ }
  });
}

// ---------------------------------------------------------------- hearing

function told(thread, event) {
  if (event.status) Object.assign(thread, { status: event.status, owner: event.owner, typing: event.typing || [] });
}

async function hear(event) {
  if (!event.conversation) return;
  const key = `${event.account}/${event.conversation}`;
  let thread = state.threads.get(key);
  if (!thread) { thread = await ask("GET", pathOf(key)); state.threads.set(key, thread); }
  told(thread, event);
  if (event.message && ["incoming", "outgoing", "template"].includes(event.message.kind) && event.name === "message_created") {
    thread.last_text = event.message.plain || ""; thread.last_activity_at = event.message.at;
  }
  drawThreads();
  if (key === state.opening) state.early.push(event);
  if (key !== state.open) return;
  if (event.message) take(event.message);
  drawHead(); drawOwner(); drawTyping();
}

function listen(after) {
  const source = new EventSource(`/sandbox/api/stream?after=${after}`);
  let queue = Promise.resolve();
  source.onopen = () => { at("live").textContent = "live"; at("live").classList.add("on"); };
  source.onerror = () => { at("live").textContent = "reconnecting"; at("live").classList.remove("on"); };
  source.onmessage = (message) => { queue = queue.then(() => hear(JSON.parse(message.data))).catch(() => {}); };
}

async function start() {
  try { const theme = localStorage.getItem("theme"); if (theme) document.documentElement.dataset.theme = theme; } catch { /* private window */ }
  wire();
  view("chat");
  const { newest } = await ask("GET", "/events?after=999999999");
  state.accounts = await ask("GET", "/accounts");
  if (!state.accounts.length) { at("error").textContent = "This sandbox has no accounts."; return; }
  state.account = state.accounts[0];
  for (const thread of await ask("GET", "/conversations")) state.threads.set(keyOf(thread), thread);
  const wanted = decodeURIComponent(location.hash.slice(1));
  beginNew("whatsapp");
  if (state.threads.has(wanted)) { state.account = state.accounts.find((one) => one.id === state.threads.get(wanted).account); await openThread(wanted); }
  listen(newest);
}

start().catch((error) => { at("error").textContent = `The sandbox does not answer: ${error.message}`; });
