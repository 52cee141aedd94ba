// What a first-time visitor sees: what this is, and what to type.

import { h } from "./dom.js";

const WANTED = [["status", "What is here, and what is wrong"], ["check services", "Does every Service answer?"], ["services", "Services with addresses and endpoints"], ["expose", "Make a change: plan, approve, verify"], ["pods", "Pods, and why they are not ready"], ["help", "Everything one can ask"]];
const WITHOUT_NETWORK = [["status", "What is here, and what is wrong"], ["cni install", "Give it a network: plan, approve, prove"], ["cni status", "The network plugin, node by node"], ["cni check", "How the plugin is configured"]];
const CHANGING = ["expose", "cni install"];

/** A card with commands to click; `send` says a line at once, `fill` only puts it into the field. */
export function introduction(information, { send, fill }) {
  const slash = information.command ?? "/net";
  const wanted = information.scenario === "new-cluster" ? WITHOUT_NETWORK : WANTED;
  const offers = wanted.map(([name, words]) => [information.commands?.find((command) => command.name === name), words]).filter(([command]) => command).slice(0, 4);
  const world = information.world ? "Nothing here is real: break things in the panel on the right, and ask again." : `Behind it is your cluster ${information.cluster ?? ""}. ${information.may_change ? "Changes are allowed." : "Only looks are allowed."}`;
  return h("section", { class: "introduction", "aria-label": "Introduction" },
    h("img", { src: "/static/icon.svg", alt: "" }),
    h("div", {},
      h("h2", {}, "Patchbay looks after a cluster's network, from chat"),
      h("p", {}, "Type ", h("code", {}, slash), " and a command below, or click one of these. ", world),
      h("div", { class: "offers" }, offers.map(([command, words]) => offer(command, words, slash, { send, fill })))));
}

function offer(command, words, slash, { send, fill }) {
  const changes = CHANGING.includes(command.name);
  const example = command.examples?.[0]?.replace(" --dry-run", "") ?? command.name;
  const line = `${slash} ${changes ? example : command.name}`;
  const button = h("button", { type: "button", class: "offer" }, h("code", {}, line), h("span", {}, words));
  button.addEventListener("click", () => (changes ? fill(line) : send(line)));
  return button;
}
