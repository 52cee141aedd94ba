// Block Kit as DOM nodes. What can be clicked or filled in stands in elements.js.

import { h, safeUrl } from "./dom.js";
import { fileUrl } from "./api.js";
import { element, inputControl } from "./elements.js";
import { emoji } from "./emoji.js";
import { markdown } from "./markdown.js";
import { mrkdwn } from "./mrkdwn.js";
import { richText } from "./richtext.js";

/**
 * All blocks. `context`: {names: {user, channel, me}, users, channels, act(block, element, value), options(block,
 * element, query), files: {id: url}, values: {block_id: {action_id: value}} (kept up to date), errors: {block_id: text}}
 */
export function renderBlocks(blocks, context) {
  return h("div", { class: "blocks" }, blocks.map((block) => renderBlock(block, context)));
}

export function textObject(object, context) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text, context.names);
  return [object.emoji === false ? object.text : object.text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => emoji(name) ?? whole)];
}

const RENDERERS = {
  header: (block, c) => h("h3", { class: "block header" }, textObject(block.text, c)),
  divider: () => h("hr", { class: "block" }),
  section,
  context: (block, c) => h("div", { class: "block context" }, block.elements.map((part) =>
    part.type === "image" ? picture(part, c, "context-image") : h("span", { class: "text" }, textObject(part, c)))),
  actions: (block, c) => h("div", { class: "block actions" }, block.elements.map((part) => element(block, part, c))),
  rich_text: (block, c) => h("div", { class: "block" }, richText(block, c.names)),
  table,
  markdown: (block) => h("div", { class: "block markdown" }, markdown(block.text)),
  image: (block, c) => h("figure", { class: "block" }, block.title ? h("figcaption", {}, textObject(block.title, c)) : null, picture(block, c, "block-image")),
  file: (block) => h("div", { class: "block quiet" }, `File ${block.external_id ?? ""}`),
  input,
};

function renderBlock(block, context) {
  const render = RENDERERS[block.type];
  const node = render ? render(block, context) : h("div", { class: "block quiet" }, `This page cannot show a block of type ${block.type}.`);
  if (block.block_id) node.dataset.block = block.block_id;
  return node;
}

function section(block, context) {
  const body = h("div", { class: "section-body" });
  if (block.text) body.append(h("div", { class: "text" }, textObject(block.text, context)));
  if (block.fields) body.append(h("div", { class: "fields" }, block.fields.map((field) => h("div", { class: "text" }, textObject(field, context)))));
  const accessory = block.accessory?.type === "image" ? picture(block.accessory, context, "accessory-image") : block.accessory ? element(block, block.accessory, context) : null;
  return h("div", { class: "block section" }, body, accessory ? h("div", { class: "accessory" }, accessory) : null);
}

/** Pictures of this server are shown; others are linked, because nothing is loaded from elsewhere. */
function picture(image, context, className) {
  const url = image.slack_file ? (context.files?.[image.slack_file.id] ?? image.slack_file.url ?? "") : (image.image_url ?? "");
  const own = url.startsWith("/") ? url : url.startsWith(`${location.origin}/`) ? url.slice(location.origin.length) : null;
  if (own) return h("img", { class: className, src: fileUrl(own), alt: image.alt_text ?? "", loading: "lazy" });
  return h("a", { class: `elsewhere ${className}`, href: safeUrl(url), target: "_blank", rel: "noopener noreferrer", title: "Pictures from elsewhere are not loaded here" }, `🖼 ${image.alt_text || "picture"}`);
}

function table(block, context) {
  const settings = block.column_settings ?? [];
  const cell = (tag) => (content, index) => {
    const { align, is_wrapped: wrapped } = settings[index] ?? {};
    const classes = [align && `align-${align}`, wrapped && "wrapped"].filter(Boolean).join(" ");
    const inside = content.type === "rich_text" ? richText(content, context.names) : content.text;
    return h(tag, { class: classes || null, scope: tag === "th" ? "col" : null }, inside);
  };
  const [head, ...rows] = block.rows;
  return h("div", { class: "block table-wrap", tabindex: "0", role: "region", "aria-label": "Table" },
    h("table", {}, h("thead", {}, h("tr", {}, head.map(cell("th")))), h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cell("td")))))));
}

let serial = 0;

function input(block, context) {
  const id = `input-${(serial += 1)}`;
  const error = context.errors?.[block.block_id];
  const label = h("label", { for: id, class: "input-label" }, textObject(block.label, context), block.optional ? h("span", { class: "quiet" }, " (optional)") : null);
  const control = inputControl(block, block.element, context, id);
  const told = h("div", { class: "input-error", id: `${id}-error`, role: "alert" }, error ?? "");
  return h("div", { class: `block input${error ? " wrong" : ""}` }, label, control, block.hint ? h("div", { class: "hint" }, textObject(block.hint, context)) : null, told);
}
