// Slack's mrkdwn as DOM nodes. Source of the rules: docs.slack.dev/messaging/formatting-message-text.

import { flat, h, link } from "./dom.js";
import { emoji } from "./emoji.js";
import { formatDate } from "./dates.js";

/** The three entities that Slack's markup knows; nothing else is decoded. */
export function unescape(text) {
  return text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);
}

const FENCE = /```(?:[ \t]*\n)?([\s\S]*?)```/g;

/** All of a mrkdwn text. `names` resolves ids: {user(id), channel(id)}, each a name or null. */
export function mrkdwn(text, names) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(FENCE)) {
    nodes.push(...paragraphs(text.slice(end, match.index).replace(/\n$/, ""), names));
    nodes.push(h("pre", {}, unescape(plainAngles(match[1]).replace(/\n$/, ""))));
    end = match.index + match[0].length;
  }
  nodes.push(...paragraphs(end ? text.slice(end).replace(/^\n/, "") : text, names));
  return nodes;
}

/** In code Slack shows links as what they were typed as. */
function plainAngles(text) {
  return text.replace(/<((?:https?:\/\/|mailto:)[^>|]+)(?:\|([^>]*))?>/g, (_, url, label) => label || url);
}

function paragraphs(text, names) {
  if (!text) return [];
  const nodes = [];
  let quoted = [];
  const lines = text.split("\n");
  const flush = () => {
    if (quoted.length) nodes.push(h("blockquote", {}, ...inline(quoted.join("\n"), names)));
    quoted = [];
  };
  let open = [];
  const flushOpen = () => {
    if (open.length) nodes.push(...inline(open.join("\n"), names));
    open = [];
  };
  for (const line of lines) {
    const quote = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (quote) {
      flushOpen();
      quoted.push(quote[1]);
    } else {
      flush();
      open.push(line);
    }
  }
  flush();
  flushOpen();
  return nodes;
}

const TOKEN = /`([^`\n]+)`|<([^<>\n]+)>|:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/;
const STYLES = { "*": "strong", _: "em", "~": "s" };

/** One run of text without blocks. */
export function inline(text, names) {
  const nodes = [];
  let rest = text;
  let before = "";
  while (rest) {
    const token = TOKEN.exec(rest);
    const style = styled(rest, before);
    if (style && (!token || style.index <= token.index)) {
      nodes.push(unescape(rest.slice(0, style.index)));
      nodes.push(h(STYLES[style.sign], {}, ...inline(style.inner, names)));
      rest = rest.slice(style.index + style.length);
      before = style.sign;
      continue;
    }
    if (!token) {
      nodes.push(unescape(rest));
      break;
    }
    nodes.push(unescape(rest.slice(0, token.index)));
    nodes.push(ofToken(token, names));
    rest = rest.slice(token.index + token[0].length);
    before = " ";
  }
  return flat(nodes).filter((node) => node !== "");
}

/** The first *bold*, _italic_ or ~struck~ run: its signs stand at word edges, and not inside code or angle brackets. */
function styled(text, before) {
  let position = 0;
  while (position < text.length) {
    const sign = text[position];
    if (sign === "`" || sign === "<") return null; // that token comes first; styles after it are found on the next turn
    if (STYLES[sign] && !/[\w*~]/.test(position ? text[position - 1] : before) && !/[\s]/.test(text[position + 1] ?? " ")) {
      const end = closing(text, position, sign);
      if (end > 0) return { index: position, length: end - position + 1, sign, inner: text.slice(position + 1, end) };
    }
    position += 1;
  }
  return null;
}

function closing(text, start, sign) {
  for (let index = start + 1; index < text.length && text[index] !== "\n"; index += 1) {
    if (text[index] === "`" || text[index] === "<") {
      const end = text.indexOf(text[index] === "`" ? "`" : ">", index + 1);
      if (end > 0) index = end;
    } else if (text[index] === sign && index > start + 1 && !/\s/.test(text[index - 1]) && !/\w/.test(text[index + 1] ?? " ")) {
      return index;
    }
  }
  return -1;
}

function ofToken([whole, code, angle, name], names) {
  if (code !== undefined) return h("code", {}, unescape(plainAngles(code)));
  if (name !== undefined) return emoji(name) ?? whole;
  return ofAngle(angle, names);
}

function ofAngle(inside, names) {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : unescape(inside.slice(bar + 1));
  if (target.startsWith("@")) return mention(target.slice(1), label, names);
  if (target.startsWith("#")) return channelName(target.slice(1), label, names);
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!subteam^")) return h("span", { class: "mention" }, label || "@group");
  if (target.startsWith("!")) return h("span", { class: "mention broadcast" }, `@${target.slice(1)}`);
  return link(unescape(target), label || unescape(target).replace(/^mailto:/, ""));
}

export function mention(id, label, names) {
  const own = names.me?.() === id ? " own" : "";
  return h("span", { class: `mention${own}` }, `@${names.user(id) ?? (label.replace(/^@/, "") || id)}`);
}

export function channelName(id, label, names) {
  const name = names.channel(id) ?? label;
  if (!name) return h("span", { class: "mention" }, "#private-channel");
  return h("button", { class: "mention channel-link", type: "button", dataset: { channel: id } }, `#${name}`);
}

function date(target, label) {
  const [, seconds, format, ...url] = target.split("^");
  const words = formatDate(Number(seconds), unescape(format ?? ""), label);
  const node = h("time", { datetime: isoDate(seconds), title: label || null }, words);
  return url.length ? link(unescape(url.join("^")), node) : node;
}

export function isoDate(seconds) {
  const at = new Date(Number(seconds) * 1000);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}
