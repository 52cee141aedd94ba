// The panel of the world: scenarios, switches that break and mend, and the objects as they are now.

import { get, post, stream } from "./api.js";
import { h, icon, replace } from "./dom.js";

export class WorldPanel {
  /** `trouble(text)` tells the person what went wrong. */
  constructor(element, information, trouble) {
    Object.assign(this, { element, information, trouble, filter: { kind: "", namespace: "", text: "" } });
    this.open = localStorage.getItem("patchbay.world") !== "closed";
    this.body = h("div", { class: "world-body" });
    const toggle = h("button", { type: "button", class: "icon-button", id: "world-toggle", title: "Show or hide the world" }, icon("globe", "Show or hide the world"));
    toggle.addEventListener("click", () => this.show(!this.open));
    replace(element, h("header", { class: "pane-head" }, h("h2", {}, information.world ? "The world" : "The cluster"), toggle), this.body);
    this.show(this.open);
    if (information.world) this.frame();
    else replace(this.body, this.realCluster());
  }

  show(open) {
    this.open = open;
    localStorage.setItem("patchbay.world", open ? "open" : "closed");
    this.element.classList.toggle("closed", !open);
    this.element.querySelector("#world-toggle").setAttribute("aria-expanded", String(open));
  }

  realCluster() {
    const { cluster, context, may_change: mayChange } = this.information;
    return h("div", { class: "world-part" }, h("p", {}, "A real cluster is behind the bot:"), h("p", { class: "cluster-name" }, cluster || context || "the one of your kubeconfig"),
      context && context !== cluster ? h("p", { class: "quiet" }, `Context ${context}`) : null,
      h("p", { class: mayChange ? "notice warn" : "notice" }, mayChange ? "Changes are allowed: each one is shown as a plan, and done when it is approved." : "Only looks are allowed. Start again with --allow-changes to make changes."));
  }

  frame() {
    this.scenario = h("select", { class: "control", id: "scenario" });
    this.scenario.addEventListener("change", () => this.act("/world/scenario", { name: this.scenario.value }, this.scenario));
    this.story = h("p", { class: "story" });
    this.faults = h("div", { class: "faults" });
    this.kinds = this.picker("kind", "All kinds");
    this.namespaces = this.picker("namespace", "All namespaces");
    const search = h("input", { type: "search", class: "control", placeholder: "Filter by name or state", "aria-label": "Filter objects" });
    search.addEventListener("input", () => {
      this.filter.text = search.value.toLowerCase();
      this.drawObjects();
    });
    this.objects = h("div", { class: "objects" });
    this.total = h("span", { class: "quiet" });
    const kubeconfig = this.information.kubeconfig;
    replace(this.body,
      h("section", { class: "world-part" }, h("label", { for: "scenario" }, "Scenario"), this.scenario, this.story),
      h("section", { class: "world-part" }, h("h3", {}, "Break and mend"), this.faults),
      h("section", { class: "world-part" }, h("h3", {}, "Objects ", this.total), h("div", { class: "filters" }, this.kinds, this.namespaces, search), this.objects),
      kubeconfig ? h("section", { class: "world-part quiet" }, "With kubectl:", h("pre", {}, `kubectl --kubeconfig ${kubeconfig} get pods -A`)) : null);
  }

  picker(field, all) {
    const node = h("select", { class: "control", "aria-label": all }, h("option", { value: "" }, all));
    node.addEventListener("change", () => {
      this.filter[field] = node.value;
      this.drawObjects();
    });
    return node;
  }

  /** Follows the world until the stream breaks; `lost` is told then. */
  follow(lost) {
    this.leave?.();
    if (this.information.world) this.leave = stream("/world/events", {}, ["world"], (_, seen) => this.take(seen), lost);
  }

  take(seen) {
    this.seen = seen;
    sync(this.scenario, seen.scenarios.map(({ name, title }) => [name, title ? `${name}: ${title}` : name]), seen.scenario);
    this.story.textContent = seen.scenarios.find((one) => one.name === seen.scenario)?.story ?? "";
    this.drawFaults();
    const some = (field) => [...new Set(seen.objects.map((one) => one[field]).filter(Boolean))];
    sync(this.kinds, [["", "All kinds"], ...some("kind").map((one) => [one, one])], this.filter.kind);
    sync(this.namespaces, [["", "All namespaces"], ...some("namespace").sort().map((one) => [one, one])], this.filter.namespace);
    this.drawObjects();
  }

  drawFaults() {
    const focused = this.faults.contains(document.activeElement) ? document.activeElement.dataset.fault : null;
    replace(this.faults, this.seen.faults.length ? null : h("p", { class: "quiet" }, "There is nothing to break in this scenario."), this.seen.faults.map((fault) => {
      const box = h("input", { type: "checkbox", role: "switch", class: "switch", checked: fault.broken, dataset: { fault: fault.id } });
      box.addEventListener("change", () => this.act("/world/fault", { id: fault.id, broken: box.checked }, box));
      return h("label", { class: `fault${fault.broken ? " broken" : ""}` }, box, h("span", {}, fault.label));
    }));
    if (focused) this.faults.querySelector(`[data-fault="${CSS.escape(focused)}"]`)?.focus();
  }

  drawObjects() {
    const { kind, namespace, text } = this.filter;
    const rows = this.seen.objects.filter((one) => (!kind || one.kind === kind) && (!namespace || one.namespace === namespace) && (!text || `${one.name} ${one.state}`.toLowerCase().includes(text)));
    this.total.textContent = rows.length === this.seen.objects.length ? `${rows.length}` : `${rows.length} of ${this.seen.objects.length}`;
    const focused = this.objects.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const top = this.objects.scrollTop;
    let last = "";
    replace(this.objects, rows.map((one) => {
      const title = one.kind === last ? null : h("h4", {}, (last = one.kind));
      const key = `${one.kind} ${one.namespace}/${one.name}`;
      const button = h("button", { type: "button", class: "object", dataset: { key } }, h("span", { class: `dot ${one.healthy ? "good" : "bad"}`, title: one.healthy ? "healthy" : "not healthy" }),
        h("span", { class: "object-name" }, one.namespace ? h("span", { class: "quiet" }, `${one.namespace}/`) : null, one.name), h("span", { class: "object-state" }, one.state));
      button.addEventListener("click", () => this.yaml(one));
      return [title, button];
    }));
    this.objects.scrollTop = top;
    if (focused) this.objects.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  async act(path, fields, control) {
    control.disabled = true;
    try {
      this.take(await post(path, fields));
    } catch (error) {
      this.trouble(error.message);
      this.take(this.seen);
    } finally {
      control.disabled = false;
    }
  }

  async yaml({ kind, namespace, name }) {
    let text;
    try {
      text = (await get("/world/object", { kind, namespace, name })).yaml;
    } catch (error) {
      return this.trouble(error.message);
    }
    const close = h("button", { type: "button", class: "icon-button" }, icon("close", "Close"));
    const dialog = h("dialog", { class: "dialog wide", "aria-label": `${kind} ${name}` },
      h("header", {}, h("h2", {}, `${kind} `, h("code", {}, namespace ? `${namespace}/${name}` : name)), close), h("div", { class: "dialog-body" }, h("pre", { class: "yaml", tabindex: "0" }, text)));
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }
}

/** Options as wanted, without touching an open list that is the same already. */
function sync(select, options, value) {
  const mark = JSON.stringify(options);
  if (select.dataset.mark !== mark) {
    select.dataset.mark = mark;
    select.replaceChildren(...options.map(([one, words]) => h("option", { value: one }, words)));
  }
  select.value = value;
}
