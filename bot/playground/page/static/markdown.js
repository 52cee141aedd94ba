// The markdown block: the part of CommonMark that Slack shows. Content becomes text nodes only.

import { flat, h, link } from "./dom.js";
import { emoji } from "./emoji.js";

export function markdown(text) {
  const lines = text.replace(/\r/g, "").split("\n");
  const nodes = [];
  let at = 0;
  const take = (pattern) => {
    const taken = [];
    while (at < lines.length && pattern.test(lines[at])) taken.push(lines[at++]);
    return taken;
  };
  while (at < lines.length) {
    const line = lines[at];
    const fence = /^(```+|~~~+)/.exec(line);
    const heading = /^(#{1,6}) +(.*?) *#*$/.exec(line);
    if (fence) {
      at += 1;
      const body = [];
      while (at < lines.length && !lines[at].startsWith(fence[1])) body.push(lines[at++]);
      at += 1;
      nodes.push(h("pre", {}, body.join("\n")));
    } else if (heading) {
      nodes.push(h(`h${Math.min(heading[1].length + 2, 6)}`, {}, inline(heading[2])));
      at += 1;
    } else if (/^ *([-*_])( *\1){2,} *$/.test(line)) {
      nodes.push(h("hr"));
      at += 1;
    } else if (/^ *> ?/.test(line)) {
      nodes.push(h("blockquote", {}, markdown(take(/^ *> ?/).map((one) => one.replace(/^ *> ?/, "")).join("\n"))));
    } else if (/^ *[-*+] +/.test(line)) {
      nodes.push(h("ul", {}, take(/^ *[-*+] +/).map((one) => listItem(one.replace(/^ *[-*+] +/, "")))));
    } else if (/^ *\d+[.)] +/.test(line)) {
      const start = Number.parseInt(line, 10);
      nodes.push(h("ol", { start }, take(/^ *\d+[.)] +/).map((one) => h("li", {}, inline(one.replace(/^ *\d+[.)] +/, ""))))));
    } else if (/^ *\|.*\| *$/.test(line) && /^ *\|[ :|-]+\| *$/.test(lines[at + 1] ?? "")) {
      nodes.push(table(take(/^ *\|.*\| *$/)));
    } else if (!line.trim()) {
      at += 1;
    } else {
      const first = lines[at++];
      nodes.push(h("p", {}, inline([first, ...take(/^(?! *([-*+>|]|\d+[.)]) ?|#|```|~~~)(?=.*\S)/)].join("\n"))));
    }
  }
  return nodes;
}

function listItem(text) {
  const task = /^\[([ xX])\] +(.*)$/.exec(text);
  return task ? h("li", { class: "task" }, task[1] === " " ? "☐ " : "☑ ", inline(task[2])) : h("li", {}, inline(text));
}

function table([head, , ...rows]) {
  const cells = (row) => row.trim().slice(1, -1).split("|").map((cell) => inline(cell.trim()));
  const thead = h("thead", {}, h("tr", {}, cells(head).map((cell) => h("th", { scope: "col" }, cell))));
  return h("div", { class: "table-wrap" }, h("table", {}, thead, h("tbody", {}, rows.map((row) => h("tr", {}, cells(row).map((cell) => h("td", {}, cell)))))));
}

const TOKEN = /\\([\\`*_~[\]()#|>!-])|(`+)([^`]|[^`].*?[^`])\2(?!`)|!?\[([^\]\n]*)\]\(([^)\s]+)\)|(\*\*|__)(?=\S)(.+?\S?)\6|(\*|_)(?=\S)([^*_\n]+?)\8|~~(?=\S)(.+?)~~|<(https?:\/\/[^>\s]+)>|(https?:\/\/[^\s<>)]+)|:([a-z0-9_+-]+):/;

function inline(text) {
  const nodes = [];
  for (let rest = text; rest; ) {
    const match = TOKEN.exec(rest);
    if (!match) {
      nodes.push(rest);
      break;
    }
    nodes.push(rest.slice(0, match.index), ofToken(match));
    rest = rest.slice(match.index + match[0].length);
  }
  return flat(nodes);
}

function ofToken([whole, escaped, , code, label, url, , bold, , italic, struck, angled, bareUrl, name]) {
  if (escaped !== undefined) return escaped;
  if (code !== undefined) return h("code", {}, code.trim());
  if (url !== undefined) return link(url, label || url);
  if (bold !== undefined) return h("strong", {}, inline(bold));
  if (italic !== undefined) return h("em", {}, inline(italic));
  if (struck !== undefined) return h("s", {}, inline(struck));
  if (angled ?? bareUrl) return link(angled ?? bareUrl, angled ?? bareUrl);
  return emoji(name) ?? whole;
}
