// The field one types in: grows with its text, remembers what was said, offers what may follow.

import { choicesFor } from "./completion.js";
import { h, icon, replace } from "./dom.js";

const HISTORY = 100;

export class Composer {
  /** `options`: {id, placeholder(), vocabulary(), inThread, send(text) -> Promise} */
  constructor(element, options) {
    this.options = options;
    this.history = JSON.parse(sessionStorage.getItem("patchbay.history") ?? "[]");
    this.place = this.history.length;
    this.choices = [];
    this.chosen = 0;
    const id = options.id;
    this.field = h("textarea", { id: `${id}-text`, rows: 1, spellcheck: "false", autocapitalize: "off", autocomplete: "off", role: "combobox", "aria-expanded": "false", "aria-controls": `${id}-menu`, "aria-autocomplete": "list", "aria-label": "Message" });
    this.menu = h("div", { id: `${id}-menu`, class: "completion", role: "listbox", "aria-label": "Suggestions", hidden: true });
    this.trouble = h("div", { class: "composer-error", role: "alert" });
    this.button = h("button", { type: "button", class: "send", title: "Send" }, icon("send", "Send"));
    replace(element, h("div", { class: "composer" }, this.menu, h("div", { class: "composer-box" }, this.field, this.button),
      h("div", { class: "composer-foot" }, this.trouble, h("span", { class: "keys" }, h("kbd", {}, "Enter"), " to send · ", h("kbd", {}, "Shift"), " ", h("kbd", {}, "Enter"), " new line · ", h("kbd", {}, "↑"), " history"))));
    this.field.addEventListener("input", () => this.typed());
    this.field.addEventListener("click", () => this.suggest());
    this.field.addEventListener("blur", () => this.hide());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.button.addEventListener("click", () => this.send());
    this.refresh();
  }

  refresh() {
    this.field.placeholder = this.options.placeholder();
    this.grow();
  }

  focus() {
    this.field.focus();
  }

  fill(text) {
    this.field.value = text;
    this.field.setSelectionRange(text.length, text.length);
    this.field.focus();
    this.typed();
  }

  typed() {
    this.trouble.textContent = "";
    this.grow();
    this.suggest();
  }

  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, 220)}px`;
    this.button.classList.toggle("ready", this.field.value.trim() !== "");
  }

  suggest() {
    this.choices = choicesFor(this.field.value, this.field.selectionStart, this.options.vocabulary(), this.options.inThread);
    this.chosen = this.choices.findIndex((choice) => choice.insert !== null);
    this.drawMenu();
  }

  hide() {
    this.choices = [];
    this.drawMenu();
  }

  drawMenu() {
    const open = this.choices.length > 0;
    this.menu.hidden = !open;
    this.field.setAttribute("aria-expanded", String(open));
    replace(this.menu, this.choices.map((choice, index) => {
      const node = h("div", { id: `${this.menu.id}-${index}`, role: "option", class: choice.insert === null ? "hint-row" : "", "aria-selected": String(index === this.chosen) },
        h("code", {}, choice.title), h("span", { class: "usage" }, choice.usage), h("span", { class: "summary" }, choice.summary));
      node.addEventListener("mousedown", (event) => {
        event.preventDefault();
        this.take(index);
      });
      return node;
    }));
    const selected = this.menu.children[this.chosen];
    selected?.scrollIntoView({ block: "nearest" });
    if (selected) this.field.setAttribute("aria-activedescendant", selected.id);
    else this.field.removeAttribute("aria-activedescendant");
  }

  take(index) {
    const choice = this.choices[index];
    if (!choice || choice.insert === null) return;
    const { value } = this.field;
    const text = value.slice(0, choice.from) + choice.insert + value.slice(choice.to);
    const caret = choice.from + choice.insert.length;
    this.field.value = text;
    this.field.setSelectionRange(caret, caret);
    this.typed();
  }

  key(event) {
    if (event.isComposing) return;
    const { key } = event;
    const selectable = this.choices.filter((choice) => choice.insert !== null).length;
    if (selectable && (key === "ArrowDown" || key === "ArrowUp")) {
      this.chosen = (this.chosen + (key === "ArrowDown" ? 1 : -1) + selectable) % selectable;
      this.drawMenu();
      return event.preventDefault();
    }
    if (selectable && key === "Tab" && !event.shiftKey) {
      this.take(this.chosen);
      return event.preventDefault();
    }
    if (this.choices.length && key === "Escape") {
      this.hide();
      event.stopPropagation();
      return event.preventDefault();
    }
    if (key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (selectable && this.wouldComplete()) return this.take(this.chosen);
      return this.send();
    }
    if (key === "ArrowUp" && this.unchanged()) this.recall(-1, event);
    else if (key === "ArrowDown" && this.unchanged()) this.recall(1, event);
  }

  /** Enter sends what is whole already: a command's whole name, or an example that is only one way to go on. */
  wouldComplete() {
    const choice = this.choices[this.chosen];
    const typed = this.field.value.slice(choice.from, choice.to);
    return choice.summary !== "example" && typed.trim() !== choice.insert.trim();
  }

  /** Nothing typed, or what the history put there: then the arrows walk through the history. */
  unchanged() {
    return this.field.value === (this.history[this.place] ?? "");
  }

  recall(step, event) {
    const place = this.place + step;
    if (place < 0 || place > this.history.length) return;
    event.preventDefault();
    this.place = place;
    this.field.value = this.history[place] ?? "";
    this.field.setSelectionRange(this.field.value.length, this.field.value.length);
    this.grow();
    this.hide();
  }

  async send() {
    const text = this.field.value.trim();
    if (!text) return;
    this.hide();
    this.field.value = "";
    this.grow();
    this.remember(text);
    try {
      await this.options.send(text);
    } catch (error) {
      if (!this.field.value) this.fill(text);
      this.hide();
      this.trouble.textContent = error.message;
    }
  }

  remember(text) {
    const kept = JSON.parse(sessionStorage.getItem("patchbay.history") ?? "[]").filter((line) => line !== text);
    this.history = [...kept, text].slice(-HISTORY);
    this.place = this.history.length;
    sessionStorage.setItem("patchbay.history", JSON.stringify(this.history));
  }
}
