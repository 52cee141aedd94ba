// One message, and a list of them that is drawn again only where something changed.

import { fileText, fileUrl } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { clockTime, dayName, formatDate } from "./dates.js";
import { h, icon } from "./dom.js";
import { emoji } from "./emoji.js";

const GROUPED_SECONDS = 300;

/** Keeps an element equal to a list of messages. `actions`: {act, options, thread(message)} */
export class MessageList {
  constructor(scroller, workspace, actions) {
    this.scroller = scroller;
    this.workspace = workspace;
    this.actions = actions;
    this.drawn = new Map(); // key -> {mark, node}
    this.values = new Map(); // ts -> values of inputs in that message, kept over edits
    this.inside = h("div", { class: "message-list", role: "log", "aria-live": "polite" });
    this.stays = true; // at the end: pictures and files that arrive later must not push it away
    scroller.addEventListener("scroll", () => { this.stays = this.nearEnd(); });
    new ResizeObserver(() => this.keepEnd()).observe(this.inside);
    new ResizeObserver(() => this.keepEnd()).observe(scroller);
  }

  /** Draws; `fresh` (another channel) starts at the end, else one stays at the end only if one was there. */
  draw(messages, { fresh = false, inThread = false, head = null } = {}) {
    if (fresh) {
      this.stays = true;
      this.drawn.clear();
    }
    const nodes = head ? [head] : [];
    let previous = null;
    for (const message of messages) {
      const newDay = !previous || dayName(previous.ts) !== dayName(message.ts);
      if (newDay && !inThread) nodes.push(this.kept(`day ${dayName(message.ts)}`, "", () => h("div", { class: "day", role: "separator" }, h("span", {}, dayName(message.ts)))));
      const grouped = !newDay && follows(previous, message);
      const mark = JSON.stringify([message, grouped]);
      nodes.push(this.kept(message.ts, mark, () => this.render(message, grouped, inThread)));
      if (inThread && message === messages[0] && message.reply_count) {
        nodes.push(h("div", { class: "day replies" }, h("span", {}, count(message.reply_count))));
      }
      previous = message;
    }
    if (this.inside.parentNode !== this.scroller) this.scroller.replaceChildren(this.inside);
    const stale = new Set(this.inside.children);
    nodes.forEach((node, index) => {
      stale.delete(node);
      if (this.inside.children[index] !== node) this.inside.insertBefore(node, this.inside.children[index] ?? null);
    });
    for (const node of stale) node.remove();
    this.keepEnd();
  }

  nearEnd() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < 60;
  }

  keepEnd() {
    if (this.stays) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  kept(key, mark, make) {
    const before = this.drawn.get(key);
    if (before?.mark === mark) return before.node;
    const node = make();
    this.drawn.set(key, { mark, node });
    return node;
  }

  render(message, grouped, inThread) {
    const { workspace } = this;
    const user = workspace.users.get(message.user) ?? { name: message.user ?? "Slack", real_name: "Slack" };
    const time = h("time", { class: "time", datetime: new Date(Number(message.ts) * 1000).toISOString(), title: formatDate(Number(message.ts), "{date_long} {time_secs}") }, clockTime(message.ts));
    const head = h("div", { class: "message-head" }, h("span", { class: "name" }, user.is_bot ? user.real_name || user.name : user.real_name),
      user.is_bot ? h("span", { class: "badge" }, "APP") : null, time);
    const body = h("div", { class: "message-body" },
      message.ephemeral ? h("div", { class: "only-you" }, icon("eye"), "Only visible to you") : null,
      grouped ? null : head, this.content(message), this.files(message), this.reactions(message), inThread ? null : this.replies(message));
    const gutter = h("div", { class: "gutter" }, grouped ? time.cloneNode(true) : avatar(user));
    const tools = inThread || message.ephemeral ? null : this.tools(message);
    const classes = ["message", grouped && "grouped", message.ephemeral && "ephemeral", message.tombstone && "tombstone"].filter(Boolean);
    return h("article", { class: classes.join(" "), dataset: { ts: message.ts }, "aria-label": `${user.name}, ${clockTime(message.ts)}` }, gutter, body, tools);
  }

  content(message) {
    if (!this.values.has(message.ts)) this.values.set(message.ts, {});
    const values = this.values.get(message.ts);
    const place = { channel: message.channel, ts: message.ts };
    const context = this.workspace.blockContext({
      values,
      act: (block, part, value) => this.actions.act({ ...place, values }, block, part, value),
      options: (block, part, query) => this.actions.options(place, block, part, query),
    });
    const edited = message.edited ? h("span", { class: "edited" }, "(edited)") : null;
    const inside = message.blocks?.length ? [renderBlocks(message.blocks, context), edited] : [h("div", { class: "text" }, this.workspace.text(message), edited ? [" ", edited] : null)];
    const attachments = (message.attachments ?? []).map((one) => {
      const node = h("div", { class: "attachment" }, one.pretext ?? null, one.title ? h("strong", {}, one.title) : null,
        one.blocks ? renderBlocks(one.blocks, context) : h("div", { class: "text" }, this.workspace.text({ text: one.text ?? one.fallback ?? "" })));
      if (/^#?[0-9a-f]{6}$/i.test(one.color ?? "")) node.style.borderLeftColor = `#${one.color.replace("#", "")}`;
      return node;
    });
    return [inside, attachments];
  }

  files(message) {
    return (message.files ?? []).map((file) => (file.mimetype.startsWith("image/") ? pictureFile(file) : isText(file) ? snippet(file) : fileCard(file)));
  }

  reactions(message) {
    if (!message.reactions?.length) return null;
    return h("div", { class: "reactions" }, message.reactions.map((one) => {
      const who = (one.users ?? []).map((id) => this.workspace.names.user(id) ?? id).join(", ");
      return h("span", { class: "reaction", title: `${who} reacted with :${one.name}:` }, emoji(one.name) ?? `:${one.name}:`, " ", String(one.count ?? one.users?.length ?? 1));
    }));
  }

  replies(message) {
    if (!message.reply_count) return null;
    const people = (message.reply_users ?? []).slice(0, 4).map((id) => avatar(this.workspace.users.get(id) ?? { name: id }, "tiny"));
    const button = h("button", { type: "button", class: "reply-count" }, people, h("b", {}, count(message.reply_count)), message.latest_reply ? h("span", { class: "quiet" }, `Last reply ${formatDate(Number(message.latest_reply), "{date_short_pretty} {time}")}`) : null);
    button.addEventListener("click", () => this.actions.thread(message));
    return button;
  }

  tools(message) {
    const reply = h("button", { type: "button", class: "icon-button", title: "Reply in thread" }, icon("thread", "Reply in thread"));
    reply.addEventListener("click", () => this.actions.thread(message));
    return h("div", { class: "tools" }, reply);
  }
}

function count(replies) {
  return replies === 1 ? "1 reply" : `${replies} replies`;
}

function follows(previous, message) {
  return previous && previous.user === message.user && !previous.ephemeral && !message.ephemeral && !previous.reply_count && Number(message.ts) - Number(previous.ts) < GROUPED_SECONDS;
}

export function avatar(user, size = "") {
  if (user.is_bot) {
    return h("img", { class: `avatar ${size}`, src: "/static/icon.svg", alt: "" });
  }
  const letters = (user.real_name || user.name || "?").split(/\s+/).map((word) => word[0]).slice(0, 2).join("").toUpperCase();
  let sum = 0;
  for (const letter of user.name ?? "") sum = (sum * 31 + letter.charCodeAt(0)) % 360;
  const node = h("span", { class: `avatar ${size}`, "aria-hidden": "true" }, letters);
  node.style.backgroundColor = `hsl(${sum} 45% 42%)`;
  return node;
}

function isText(file) {
  return file.mimetype.startsWith("text/") || file.mimetype === "application/json";
}

function fileHead(file) {
  return h("div", { class: "file-head" }, icon("file"), h("span", { class: "file-name" }, file.title || file.name), h("span", { class: "quiet" }, size(file.size)),
    h("a", { class: "icon-button", href: fileUrl(file.url), download: file.name, title: `Download ${file.name}` }, icon("download", `Download ${file.name}`)));
}

function fileCard(file) {
  return h("div", { class: "file" }, fileHead(file));
}

function pictureFile(file) {
  return h("div", { class: "file picture" }, fileHead(file), h("a", { href: fileUrl(file.url), target: "_blank", rel: "noopener" }, h("img", { src: fileUrl(file.url), alt: file.title || file.name })));
}

const SHOWN_LINES = 8;
const MOST_CHARACTERS = 400_000;

function snippet(file) {
  const code = h("pre", { class: "snippet", tabindex: "0" }, "…");
  const more = h("button", { type: "button", class: "more", "aria-expanded": "false", hidden: true });
  const box = h("div", { class: "file" }, fileHead(file), code, more);
  fileText(file.url).then((text) => {
    const lines = text.slice(0, MOST_CHARACTERS).replace(/\n$/, "").split("\n");
    let open = false;
    const show = () => {
      code.textContent = (open ? lines : lines.slice(0, SHOWN_LINES)).join("\n");
      code.classList.toggle("open", open);
      more.textContent = open ? "Show less" : `Show all ${lines.length} lines`;
      more.setAttribute("aria-expanded", String(open));
    };
    more.hidden = lines.length <= SHOWN_LINES;
    more.addEventListener("click", () => {
      open = !open;
      show();
    });
    show();
  }).catch((error) => { code.textContent = error.message; });
  return box;
}

function size(bytes) {
  return bytes < 1024 ? `${bytes} B` : bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} kB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}
