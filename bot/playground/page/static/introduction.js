// What a first-time visitor sees: what this is, and what to type.

import { h } from "./dom.js";

const WANTED = [["status", "What is here, and what is wrong"], ["check services", "Does every Service answer?"], ["services", "Services with addresses and endpoints"], ["expose", "Make a change: plan, approve, verify"], ["pods", "Pods, and why they are not ready"], ["help", "Everything one can ask"]];

/** A card with commands to click; `send` says a line at once, `fill` only puts it into the field. */
export function introduction(information, { send, fill }) {
  const slash = information.command ?? "/net";
  const offers = WANTED.map(([name, words]) => [information.commands?.find((command) => command.name === name), words]).filter(([command]) => command).slice(0, 4);
  const world = information.world ? "Nothing here is real: break things in the panel on the right, and ask again." : `Behind it is your cluster ${information.cluster ?? ""}. ${information.may_change ? "Changes are allowed." : "Only looks are allowed."}`;
  return h("section", { class: "introduction", "aria-label": "Introduction" },
    h("img", { src: "/static/icon.svg", alt: "" }),
    h("div", {},
      h("h2", {}, "Patchbay looks after a cluster's network, from chat"),
      h("p", {}, "Type ", h("code", {}, slash), " and a command below, or click one of these. ", world),
      h("div", { class: "offers" }, offers.map(([command, words]) => offer(command, words, slash, { send, fill })))));
}

function offer(command, words, slash, { send, fill }) {
  const changes = command.name === "expose";
  const line = `${slash} ${changes ? (command.examples?.[0] ?? command.name) : command.name}`;
  const button = h("button", { type: "button", class: "offer" }, h("code", {}, line), h("span", {}, words));
  button.addEventListener("click", () => (changes ? fill(line) : send(line)));
  return button;
}
