// What this person sees of the workspace, kept true by the events. Knows nothing of the page.

import { mrkdwn } from "./mrkdwn.js";

export class Workspace {
  constructor() {
    this.channels = new Map();
    this.users = new Map();
    this.messages = new Map(); // channel id -> Map(ts -> message), oldest first
    this.files = {};
    this.unread = new Map(); // channel id -> how many
    this.names = {
      me: () => this.me,
      user: (id) => this.users.get(id)?.name ?? null,
      channel: (id) => this.channels.get(id)?.name || null,
    };
  }

  /** Takes an answer of /page/state. */
  take(state) {
    Object.assign(this, { me: state.me, bot: state.bot, team: state.team, commands: state.commands, connections: state.connections });
    this.users = new Map(state.users.map((user) => [user.id, user]));
    this.channels = new Map(state.channels.map((channel) => [channel.id, channel]));
    this.messages = new Map(Object.entries(state.messages).map(([id, list]) => [id, new Map(list.map((one) => [one.ts, one]))]));
    for (const list of this.messages.values()) for (const message of list.values()) this.noteFiles(message);
  }

  /** Applies an event of /page/events; gives what has to be drawn again. */
  apply(type, data) {
    const list = data.channel && typeof data.channel === "string" ? this.list(data.channel) : null;
    switch (type) {
      case "message": case "ephemeral": case "message_changed": case "ephemeral_changed":
        list.set(data.message.ts, data.message);
        this.noteFiles(data.message);
        break;
      case "message_deleted": case "ephemeral_deleted": {
        const message = list.get(data.ts);
        if (message?.reply_count) list.set(data.ts, { ...message, text: "This message was deleted.", blocks: undefined, files: undefined, tombstone: true });
        else list.delete(data.ts);
        break;
      }
      case "reaction":
        if (list.has(data.ts)) list.set(data.ts, { ...list.get(data.ts), reactions: data.reactions });
        break;
      case "channel": this.channels.set(data.channel.id, data.channel); break;
      case "file": this.files[data.file.id] = data.file.url; break;
      case "connections": this.connections = data.count; break;
    }
  }

  list(channelId) {
    if (!this.messages.has(channelId)) this.messages.set(channelId, new Map());
    return this.messages.get(channelId);
  }

  noteFiles(message) {
    for (const file of message.files ?? []) this.files[file.id] = file.url;
  }

  /** What stands in the channel itself: roots, and ephemeral messages outside threads. */
  roots(channelId) {
    return [...this.list(channelId).values()].filter((one) => !isReply(one)).sort(byTime);
  }

  /** The root of a thread, then its replies. */
  thread(channelId, rootTs) {
    return [...this.list(channelId).values()].filter((one) => one.ts === rootTs || one.thread_ts === rootTs).sort(byTime);
  }

  title(channel) {
    return channel.is_im ? (this.users.get(this.bot)?.name ?? "bot") : channel.name;
  }

  /** Where things may be clicked: what blocks.js wants to know. */
  blockContext(more) {
    return { names: this.names, users: [...this.users.values()], channels: [...this.channels.values()], files: this.files, ...more };
  }

  text(message) {
    return mrkdwn(message.text ?? "", this.names);
  }
}

export function isReply(message) {
  return Boolean(message.thread_ts) && message.thread_ts !== message.ts;
}

function byTime(one, other) {
  return one.ts < other.ts ? -1 : one.ts > other.ts ? 1 : 0;
}
