// rich_text blocks as DOM nodes. docs.slack.dev/reference/block-kit/blocks/rich-text-block

import { h, link } from "./dom.js";
import { formatDate } from "./dates.js";
import { emoji } from "./emoji.js";
import { channelName, isoDate, mention } from "./mrkdwn.js";

export function richText(block, names) {
  return h("div", { class: "rich" }, (block.elements ?? []).map((part) => richPart(part, names)));
}

function richPart(part, names) {
  const inside = () => (part.elements ?? []).map((element) => richElement(element, names));
  if (part.type === "rich_text_preformatted") return h("pre", {}, inside());
  if (part.type === "rich_text_quote") return h("blockquote", {}, inside());
  if (part.type === "rich_text_list") {
    const ordered = part.style === "ordered";
    const list = h(ordered ? "ol" : "ul", { class: `indent-${Math.min(part.indent ?? 0, 8)}`, start: ordered ? (part.offset ?? 0) + 1 : null });
    list.append(...(part.elements ?? []).map((item) => h("li", {}, (item.elements ?? []).map((e) => richElement(e, names)))));
    return list;
  }
  return h("div", { class: "rich-section" }, inside());
}

function richElement(element, names) {
  return dress(bare(element, names), element.style ?? {});
}

function bare(element, names) {
  switch (element.type) {
    case "text": return element.text;
    case "link": return link(element.url, element.text || element.url);
    case "user": return mention(element.user_id, "", names);
    case "usergroup": return h("span", { class: "mention" }, "@group");
    case "channel": return channelName(element.channel_id, "", names);
    case "emoji": return emoji(element.name) ?? `:${element.name}:`;
    case "broadcast": return h("span", { class: "mention broadcast" }, `@${element.range}`);
    case "date": {
      const time = h("time", { datetime: isoDate(element.timestamp) }, formatDate(element.timestamp, element.format, element.fallback));
      return element.url ? link(element.url, time) : time;
    }
    case "color": {
      const swatch = h("span", { class: "swatch" });
      if (/^#[0-9a-f]{3,8}$/i.test(element.value)) swatch.style.backgroundColor = element.value;
      return h("span", {}, h("code", {}, element.value), swatch);
    }
    default: return element.text ?? "";
  }
}

const TAGS = { code: "code", bold: "strong", italic: "em", strike: "s", underline: "u", highlight: "mark", client_highlight: "mark" };

function dress(node, style) {
  for (const [name, tag] of Object.entries(TAGS)) if (style[name]) node = h(tag, {}, node);
  return node;
}
