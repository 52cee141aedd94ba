// Channels and direct messages, who one is, light or dark.

import { h, icon, replace } from "./dom.js";
import { avatar } from "./messages.js";

/** `actions`: {open(channel id), become(name), theme()} */
export function drawSidebar(element, workspace, current, actions) {
  const channels = [...workspace.channels.values()].filter((channel) => !channel.is_archived);
  const row = (channel) => {
    const unread = workspace.unread.get(channel.id) ?? 0;
    const name = workspace.title(channel);
    const mark = channel.is_im ? avatar(workspace.users.get(workspace.bot), "tiny") : icon(channel.is_private ? "lock" : "hash");
    const button = h("button", { type: "button", class: `channel${unread ? " unread" : ""}`, "aria-current": channel.id === current ? "page" : null, dataset: { channel: channel.id } },
      mark, h("span", { class: "channel-name" }, name), unread ? h("span", { class: "count", "aria-label": `${unread} unread` }, String(unread)) : null);
    button.addEventListener("click", () => actions.open(channel.id));
    return button;
  };
  const people = [...workspace.users.values()].filter((user) => !user.is_bot).map((user) => {
    const me = user.id === workspace.me;
    const button = h("button", { type: "button", class: "person", "aria-pressed": String(me), title: me ? `You are ${user.real_name}` : `Be ${user.real_name}` }, avatar(user, "tiny"), user.name);
    button.addEventListener("click", () => { if (!me) actions.become(user.name); });
    return button;
  });
  const dark = document.documentElement.dataset.theme === "dark";
  const theme = h("button", { type: "button", class: "icon-button", title: dark ? "Light" : "Dark" }, icon(dark ? "sun" : "moon", dark ? "Change to light" : "Change to dark"));
  theme.addEventListener("click", actions.theme);
  const focused = element.contains(document.activeElement) ? document.activeElement.dataset.channel : null;
  replace(element,
    h("div", { class: "team" }, h("img", { src: "/static/icon.svg", alt: "", class: "team-icon" }), h("strong", {}, workspace.team.name), theme),
    h("div", { class: "channels" },
      h("h2", {}, "Channels"), channels.filter((channel) => !channel.is_im).map(row),
      h("h2", {}, "Direct messages"), channels.filter((channel) => channel.is_im).map(row)),
    h("div", { class: "who" }, h("h2", {}, "You are"), h("div", { class: "people" }, people)));
  if (focused) element.querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
}
