// Confirmations and modals, as the browser's own <dialog>: focus stays inside, Escape closes.

import { h, icon } from "./dom.js";
import { renderBlocks, textObject } from "./blocks.js";

/** Asks; true when the person agrees. */
export function confirmed(confirm, context) {
  return new Promise((resolve) => {
    const style = confirm.style === "danger" ? "danger" : "primary";
    const yes = h("button", { type: "button", class: `button ${style}` }, textObject(confirm.confirm, context));
    const no = h("button", { type: "button", class: "button" }, textObject(confirm.deny, context));
    const dialog = h("dialog", { class: "dialog small", "aria-label": confirm.title.text },
      h("header", {}, h("h2", {}, textObject(confirm.title, context))), h("div", { class: "dialog-body text" }, textObject(confirm.text, context)), h("footer", {}, no, yes));
    const end = (answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    yes.addEventListener("click", () => end(true));
    no.addEventListener("click", () => end(false));
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      end(false);
    });
    document.body.append(dialog);
    dialog.showModal();
    yes.focus();
  });
}

/** The stack of modals; only the top one is shown. `actions`: {submit(view, values), close(view, all), context(view)} */
export class Modals {
  constructor(actions) {
    this.actions = actions;
    this.views = [];
    this.values = new Map();
    this.dialog = null;
  }

  set(views) {
    this.views = views;
    this.draw();
  }

  open(view) {
    this.views = [...this.views.filter((one) => one.id !== view.id), view];
    this.draw();
  }

  update(view) {
    this.views = this.views.map((one) => (one.id === view.id ? view : one));
    if (this.views.at(-1)?.id === view.id) this.draw();
  }

  drop(id) {
    this.views = this.views.filter((one) => one.id !== id);
    this.values.delete(id);
    this.draw();
  }

  /** Takes down what is shown; whatever was typed is kept by the view's id. */
  draw(errors = {}, problem = "") {
    const focused = document.activeElement?.id;
    this.dialog?.remove();
    this.dialog = null;
    const view = this.views.at(-1);
    if (!view) return;
    if (!this.values.has(view.id)) this.values.set(view.id, {});
    const context = { ...this.actions.context(view), values: this.values.get(view.id), errors };
    const form = h("form", { method: "dialog", novalidate: true },
      h("header", {}, h("h2", {}, textObject(view.title, context)), this.closer(view)),
      h("div", { class: "dialog-body" }, renderBlocks(view.blocks, context), h("div", { class: "input-error", role: "alert" }, problem)),
      this.footer(view, context));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit(view, form);
    });
    this.dialog = h("dialog", { class: "dialog", "aria-label": view.title?.text }, form);
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.actions.close(view, false);
    });
    document.body.append(this.dialog);
    this.dialog.showModal();
    const wrong = this.dialog.querySelector(".wrong .control, .wrong input");
    (wrong ?? (focused ? this.dialog.querySelector(`#${CSS.escape(focused)}`) : null) ?? this.dialog.querySelector(".control"))?.focus();
  }

  closer(view) {
    const button = h("button", { type: "button", class: "icon-button" }, icon("close", "Close"));
    button.addEventListener("click", () => this.actions.close(view, true));
    return button;
  }

  footer(view, context) {
    const close = h("button", { type: "button", class: "button" }, view.close ? textObject(view.close, context) : view.submit ? "Cancel" : "Close");
    close.addEventListener("click", () => this.actions.close(view, false));
    const submit = view.submit ? h("button", { type: "submit", class: "button primary" }, textObject(view.submit, context)) : null;
    return h("footer", {}, close, submit);
  }

  async submit(view, form) {
    const button = form.querySelector("[type=submit]");
    button?.classList.add("busy");
    try {
      await this.actions.submit(view, this.values.get(view.id));
    } catch (error) {
      this.draw(error.errors ?? {}, error.errors ? "" : error.message);
    }
  }

  errors(id, errors) {
    if (this.views.at(-1)?.id === id) this.draw(errors);
  }
}
