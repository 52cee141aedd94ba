// The page: state in, events in, everything drawn; what people do goes out.

import { become, get, person, post, Refused, stream } from "./api.js";
import { Composer } from "./composer.js";
import { Modals } from "./dialogs.js";
import { h, icon, replace } from "./dom.js";
import { introduction } from "./introduction.js";
import { MessageList } from "./messages.js";
import { drawSidebar } from "./sidebar.js";
import { isReply, Workspace } from "./state.js";
import { WorldPanel } from "./world.js";

const EVENTS = ["message", "message_changed", "message_deleted", "ephemeral", "ephemeral_changed", "ephemeral_deleted", "reaction", "view_opened", "view_updated", "view_closed", "view_errors", "home_published", "file", "channel", "connections", "notice", "reset"];
const RETRY_MILLISECONDS = 1500;
const TOAST_MILLISECONDS = 9000;
const byId = (id) => document.getElementById(id);

const workspace = new Workspace();
let information = {};
let current = "";
let root = ""; // ts of the thread that is open; empty: none
let leave = () => {};
let world = null;
let retrying = null;
let lastEvent = 0;

const act = (place, block, part, value) => attempt(() => post("/page/click", { ...place, block_id: block.block_id, action_id: part.action_id, value }));
const options = async (place, block, part, query) => (await post("/page/options", { ...place, block_id: block.block_id, action_id: part.action_id, query })).options;
const list = new MessageList(byId("messages"), workspace, { act, options, thread: openThread });
const modals = new Modals({
  context: (view) => workspace.blockContext({ act: (block, part, value) => act({ view_id: view.id, values: modals.values.get(view.id) }, block, part, value), options: (block, part, query) => options({ view_id: view.id }, block, part, query) }),
  submit: (view, values) => post("/page/submit", { view_id: view.id, values }),
  close: (view, all) => attempt(() => post("/page/close", { view_id: view.id, all })),
});
let composer;
let thread = null; // {list, composer}

function vocabulary() {
  return {
    slash: information.command ?? workspace.commands?.[0]?.name ?? "/net",
    bot: workspace.users.get(workspace.bot)?.name ?? "patchbay",
    commands: information.commands ?? [],
    people: [...workspace.users.values()].map((user) => user.name),
    direct: Boolean(workspace.channels.get(current)?.is_im),
    channels: [...workspace.channels.values()].filter((channel) => channel.name).map((channel) => channel.name),
  };
}

async function attempt(task) {
  try {
    return await task();
  } catch (error) {
    toast(error instanceof Refused ? error.message : "The playground does not answer.");
    return null;
  }
}

function toast(text) {
  const node = h("div", { class: "toast" }, text);
  const close = h("button", { type: "button", class: "icon-button" }, icon("close", "Close"));
  close.addEventListener("click", () => node.remove());
  node.append(close);
  byId("toasts").append(node);
  setTimeout(() => node.remove(), TOAST_MILLISECONDS);
}

function banner(text) {
  byId("banner").textContent = text;
  byId("banner").hidden = !text;
}

// Drawing

function draw({ fresh = false } = {}) {
  const channel = workspace.channels.get(current);
  if (!channel) return;
  drawSidebar(byId("sidebar"), workspace, current, { open: openChannel, become: switchTo, theme: changeTheme });
  drawHead(channel);
  const head = isMain(channel) ? list.kept("introduction", JSON.stringify([current, information.commands?.length]), () => introduction(information, { send: say, fill: (text) => composer.fill(text) })) : null;
  list.draw(workspace.roots(current), { fresh, head: head ?? (workspace.roots(current).length ? null : list.kept("empty", current, () => emptyNote(channel))) });
  drawThread(fresh);
  const unread = [...workspace.unread.values()].reduce((sum, count) => sum + count, 0);
  document.title = `${unread ? `(${unread}) ` : ""}${channel.is_im ? "" : "#"}${workspace.title(channel)} – Patchbay playground`;
}

function isMain(channel) {
  return channel.id === mainChannel();
}

/** The first channel that the bot is in: there one can type at once. */
function mainChannel() {
  const channels = [...workspace.channels.values()].filter((channel) => !channel.is_archived && !channel.is_im);
  return (channels.find((channel) => channel.members.includes(workspace.bot)) ?? channels[0])?.id ?? "";
}

function emptyNote(channel) {
  return h("div", { class: "empty" }, channel.is_im ? "Here you talk to Patchbay alone. Commands need no slash." : `This is the beginning of #${channel.name}.`);
}

function drawHead(channel) {
  const absent = !channel.is_im && !channel.members.includes(workspace.bot);
  const invite = absent ? h("button", { type: "button", class: "button" }, "Invite @", vocabulary().bot) : null;
  invite?.addEventListener("click", () => attempt(() => post("/page/invite", { channel: channel.id })));
  const quiet = workspace.connections === 0 && !information.http ? h("span", { class: "notice warn" }, "The bot is not connected") : null;
  const open = h("button", { type: "button", class: "icon-button show-world", title: "The world" }, icon("globe", "Show the world"));
  open.addEventListener("click", () => world?.show(true));
  replace(byId("channel-head"), h("h1", {}, channel.is_im ? null : icon(channel.is_private ? "lock" : "hash"), workspace.title(channel)), h("span", { class: "topic" }, channel.topic), quiet, invite,
    channel.is_im ? null : h("span", { class: "members quiet", title: channel.members.map((id) => workspace.names.user(id) ?? id).join(", ") }, icon("people"), String(channel.members.length)), open);
}

function openChannel(id, { keepFocus = false } = {}) {
  if (!workspace.channels.has(id)) return;
  current = id;
  sessionStorage.setItem("patchbay.channel", id);
  workspace.unread.delete(id);
  closeThread();
  composer.refresh();
  draw({ fresh: true });
  if (!keepFocus) composer.focus();
}

// Threads

function openThread(message) {
  root = message.thread_ts ?? message.ts;
  const pane = byId("thread");
  const close = h("button", { type: "button", class: "icon-button" }, icon("close", "Close the thread"));
  close.addEventListener("click", closeThread);
  const scroller = h("section", { class: "messages", tabindex: "0", "aria-label": "Messages of the thread" });
  const field = h("div");
  replace(pane, h("header", { class: "pane-head" }, h("h2", {}, "Thread"), h("span", { class: "topic" }, workspace.title(workspace.channels.get(current))), close), scroller, field);
  pane.hidden = false;
  const channel = current;
  const thread_ts = root;
  thread = {
    list: new MessageList(scroller, workspace, { act, options, thread: () => {} }),
    composer: new Composer(field, { id: "reply", inThread: true, vocabulary, placeholder: () => `Reply… (@${vocabulary().bot} status)`, send: (text) => post("/page/say", { channel, text, thread_ts }) }),
  };
  drawThread(true);
  thread.composer.focus();
}

function closeThread() {
  root = "";
  thread = null;
  byId("thread").hidden = true;
  byId("thread").replaceChildren();
}

function drawThread(fresh = false) {
  if (thread) thread.list.draw(workspace.thread(current, root), { fresh, inThread: true });
}

// What happens

function heard(type, data) {
  if (type === "reset") return connect();
  if (type === "view_opened") return modals.open(data.view);
  if (type === "view_updated") return modals.update(data.view);
  if (type === "view_closed") return modals.drop(data.view_id);
  if (type === "view_errors") return modals.errors(data.view_id, data.errors);
  if (type === "notice") return toast(data.text);
  workspace.apply(type, data);
  if ((type === "message" || type === "ephemeral") && data.channel !== current && data.message.user !== workspace.me && !isReply(data.message)) {
    workspace.unread.set(data.channel, (workspace.unread.get(data.channel) ?? 0) + 1);
  }
  schedule();
}

let scheduled = false;
/** Many events, one drawing. */
function schedule() {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    draw();
  });
}

async function connect() {
  clearTimeout(retrying);
  leave();
  let state;
  try {
    const [seen, told] = await Promise.all([get("/page/state"), get("/page/information")]);
    state = seen;
    information = told;
  } catch (error) {
    if (error instanceof Refused && error.status === 403) return banner(error.message);
    return lost();
  }
  banner("");
  lastEvent = state.last_event;
  workspace.take(state);
  world ??= new WorldPanel(byId("world"), information, toast);
  world.follow(lost);
  leave = stream("/page/events", { after: lastEvent }, EVENTS, heard, lost);
  modals.set(state.views);
  const kept = current || sessionStorage.getItem("patchbay.channel");
  current = workspace.channels.has(kept) ? kept : mainChannel();
  if (root && !workspace.list(current).has(root)) closeThread();
  composer.refresh();
  draw({ fresh: true });
  document.body.dataset.ready = "true";
}

function lost() {
  leave();
  world?.leave?.();
  banner("The playground has stopped. This page comes back by itself when it is started again at the same address.");
  clearTimeout(retrying);
  retrying = setTimeout(connect, RETRY_MILLISECONDS);
}

// What people do

async function say(text) {
  const channel = current;
  return attempt(() => post("/page/say", { channel, text }));
}

function switchTo(name) {
  become(name);
  sessionStorage.removeItem("patchbay.channel");
  const channel = workspace.channels.get(current);
  if (channel?.is_im) current = "";
  workspace.unread.clear();
  closeThread();
  modals.set([]);
  connect();
  toast(`You are ${name} now.`);
}

function changeTheme() {
  const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem("patchbay.theme", next);
  document.documentElement.dataset.theme = next;
  draw();
}

function startTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const set = () => { document.documentElement.dataset.theme = localStorage.getItem("patchbay.theme") ?? (system.matches ? "dark" : "light"); };
  system.addEventListener("change", set);
  set();
}

startTheme();
composer = new Composer(byId("composer"), {
  id: "composer", vocabulary,
  placeholder: () => { const channel = workspace.channels.get(current); return channel ? `Message ${channel.is_im ? "" : "#"}${workspace.title(channel)}, or ${vocabulary().slash} …` : "Message"; },
  send: (text) => post("/page/say", { channel: current, text }),
});
document.addEventListener("click", (event) => {
  const target = event.target.closest?.(".channel-link");
  if (target) openChannel(target.dataset.channel);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && root && !document.querySelector("dialog[open]")) {
    closeThread();
    composer.focus();
  }
});
connect().then(() => composer.focus());
