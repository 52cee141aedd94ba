// Block Kit's buttons, selects, pickers and inputs, made of the browser's own controls so that keyboards just work.

import { h, icon, safeUrl } from "./dom.js";
import { textObject } from "./blocks.js";
import { confirmed } from "./dialogs.js";

/** In messages and views: what one does is told at once. */
export function element(block, part, context) {
  const tell = async (value) => {
    if (part.confirm && !(await confirmed(part.confirm, context))) return false;
    await context.act(block, part, value);
    return true;
  };
  if (part.type === "button") return button(part, tell, context);
  if (part.type === "overflow") return overflow(part, tell, context);
  return control(block, part, context, null, tell);
}

/** In input blocks: what one does is kept in context.values until submitted. */
export function inputControl(block, part, context, id) {
  return control(block, part, context, id, block.dispatch_action ? (value) => context.act(block, part, value) : null);
}

function button(part, tell, context) {
  const node = h("button", { type: "button", class: `button ${part.style ?? ""}`, "aria-label": part.accessibility_label }, textObject(part.text, context));
  node.addEventListener("click", async () => {
    if (safeUrl(part.url)) window.open(part.url, "_blank", "noopener,noreferrer");
    node.classList.add("busy");
    node.setAttribute("aria-busy", "true");
    try {
      await tell(part.value);
    } finally {
      node.classList.remove("busy");
      node.removeAttribute("aria-busy");
    }
  });
  return node;
}

function overflow(part, tell, context) {
  const menu = h("div", { class: "menu", role: "menu" }, part.options.map((option) => {
    const item = h("button", { type: "button", role: "menuitem" }, textObject(option.text, context));
    item.addEventListener("click", () => {
      details.open = false;
      if (safeUrl(option.url)) window.open(option.url, "_blank", "noopener,noreferrer");
      tell(option.value);
    });
    return item;
  }));
  const details = h("details", { class: "overflow" }, h("summary", { class: "button", "aria-label": "More actions" }, icon("dots")), menu);
  details.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      details.open = false;
      details.firstElementChild.focus();
      event.stopPropagation();
    }
  });
  details.addEventListener("focusout", (event) => {
    if (!details.contains(event.relatedTarget)) details.open = false;
  });
  return details;
}

function control(block, part, context, id, tell) {
  const kept = context.values?.[block.block_id]?.[part.action_id];
  const keep = (value) => {
    context.values ??= {};
    (context.values[block.block_id] ??= {})[part.action_id] = value;
  };
  const start = kept === undefined ? beginning(part) : kept;
  if (start !== null && start !== undefined) keep(start);
  const changed = async (value) => {
    keep(value);
    if (tell) await tell(value);
  };
  if (part.type.startsWith("multi_")) return several(part, choices(part, context), start, changed, id);
  if (part.type === "external_select") return external(block, part, context, changed, id);
  if (part.type.endsWith("_select")) return select(part, choices(part, context), start, changed, id);
  if (part.type === "checkboxes" || part.type === "radio_buttons") return boxes(part, start, changed, context, id);
  return field(part, start, changed, keep, id);
}

function beginning(part) {
  if (part.initial_options) return part.initial_options.map((option) => option.value);
  const first = part.initial_option?.value ?? part.initial_user ?? part.initial_channel ?? part.initial_conversation;
  return first ?? part.initial_users ?? part.initial_channels ?? part.initial_conversations ?? part.initial_date ?? part.initial_time ?? part.initial_date_time ?? part.initial_value ?? null;
}

/** [{label, options: [[value, words]]}] */
function choices(part, context) {
  const pair = (option) => [option.value, textObject(option.text, context)[0]];
  const kind = part.type.replace("multi_", "");
  if (kind === "users_select") return [{ options: context.users.map((user) => [user.id, `@${user.name}`]) }];
  const channels = context.channels.filter((channel) => !channel.is_im).map((channel) => [channel.id, `#${channel.name}`]);
  if (kind === "channels_select") return [{ options: channels }];
  if (kind === "conversations_select") {
    const direct = context.channels.filter((channel) => channel.is_im).map((channel) => [channel.id, "@patchbay"]);
    return [{ options: [...channels, ...direct] }];
  }
  if (part.option_groups) return part.option_groups.map((group) => ({ label: group.label.text, options: group.options.map(pair) }));
  return [{ options: (part.options ?? []).map(pair) }];
}

function select(part, groups, start, changed, id) {
  const options = groups.map((group) => {
    const nodes = group.options.map(([value, words]) => h("option", { value, selected: value === start }, words));
    return group.label ? h("optgroup", { label: group.label }, nodes) : nodes;
  });
  const node = h("select", { id, class: "control", "aria-label": id ? null : (part.placeholder?.text ?? "Choose") }, h("option", { value: "" }, part.placeholder?.text ?? "Choose…"), options);
  node.value = start ?? "";
  node.addEventListener("change", () => changed(node.value || null));
  return node;
}

function several(part, groups, start, changed, id) {
  const chosen = new Set(start ?? []);
  const rows = groups.flatMap((group) => [group.label ? h("div", { class: "quiet" }, group.label) : null, ...group.options.map(([value, words]) => {
    const box = h("input", { type: "checkbox", checked: chosen.has(value) });
    box.addEventListener("change", () => {
      box.checked ? chosen.add(value) : chosen.delete(value);
      changed([...chosen]);
    });
    return h("label", { class: "choice" }, box, h("span", {}, words));
  })]);
  return h("div", { class: "several", id, role: "group", "aria-label": part.placeholder?.text ?? "Choose" }, rows);
}

function external(block, part, context, changed, id) {
  const list = h("datalist", { id: `list-${block.block_id}-${part.action_id}` });
  const node = h("input", { id, class: "control", list: list.id, placeholder: part.placeholder?.text ?? "Type to search", autocomplete: "off" });
  let found = [];
  node.addEventListener("input", async () => {
    const match = found.find((option) => option.text.text === node.value);
    if (match) return changed(match);
    if (node.value.length < (part.min_query_length ?? 3)) return;
    found = await context.options(block, part, node.value);
    list.replaceChildren(...found.map((option) => h("option", { value: option.text.text })));
  });
  return h("span", {}, node, list);
}

let serial = 0;

function boxes(part, start, changed, context, id) {
  const many = part.type === "checkboxes";
  const name = `choice-${(serial += 1)}`;
  const inputs = part.options.map((option) => h("input", { type: many ? "checkbox" : "radio", name, value: option.value, checked: many ? (start ?? []).includes(option.value) : start === option.value }));
  const tell = () => {
    const chosen = inputs.filter((one) => one.checked).map((one) => one.value);
    changed(many ? chosen : (chosen[0] ?? null));
  };
  const rows = part.options.map((option, index) => {
    inputs[index].addEventListener("change", tell);
    const words = h("span", {}, textObject(option.text, context), option.description ? h("small", { class: "quiet" }, textObject(option.description, context)) : null);
    return h("label", { class: "choice" }, inputs[index], words);
  });
  return h("div", { class: "boxes", id, role: many ? "group" : "radiogroup" }, rows);
}

const TYPES = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local", number_input: "number", email_text_input: "email", url_text_input: "url" };

function field(part, start, changed, keep, id) {
  const multiline = part.type === "plain_text_input" && part.multiline;
  const moment = part.type === "datetimepicker";
  const node = h(multiline ? "textarea" : "input", {
    id, class: "control", type: multiline ? null : (TYPES[part.type] ?? "text"), rows: multiline ? 5 : null,
    placeholder: part.placeholder?.text, maxlength: part.max_length, min: part.min_value, max: part.max_value,
    step: part.type === "number_input" && part.is_decimal_allowed ? "any" : null, autofocus: part.focus_on_load,
    "aria-label": id ? null : (part.placeholder?.text ?? "Value"),
  });
  node.value = moment && start ? localMoment(start) : (start ?? "");
  const value = () => (node.value === "" ? null : moment ? Math.floor(new Date(node.value).getTime() / 1000) : node.value);
  node.addEventListener("input", () => keep(value()));
  node.addEventListener("change", () => changed(value()));
  return node;
}

function localMoment(seconds) {
  const at = new Date(seconds * 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
