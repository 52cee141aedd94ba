// What this person sees of the workspace: the state that was read, and every event since. Knows nothing of the page.

export class Workspace {
  constructor(state) {
    this.me = state.me;
    this.bot = state.bot;
    this.team = state.team;
    this.users = new Map(state.users.map((user) => [user.id, user]));
    this.channels = new Map(state.channels.map((channel) => [channel.id, channel]));
    this.messages = new Map();
    for (const [channel, messages] of Object.entries(state.messages)) {
      this.messages.set(channel, new Map(messages.map((message) => [message.ts, message])));
    }
    this.views = state.views;
    this.commands = state.commands;
    this.last = state.last_event;
    this.names = {
      user: (id) => this.users.get(id)?.name ?? null,
      channel: (id) => this.channels.get(id)?.name ?? null,
      me: () => this.me,
    };
  }

  /** What people call a channel: `net-ops`, or the name of whom one talks to. */
  title(channel) {
    return channel.is_im ? this.names.user(this.bot) : channel.name;
  }

  all(channel) {
    return [...(this.messages.get(channel)?.values() ?? [])].sort((a, b) => Number(a.ts) - Number(b.ts));
  }

  /** What stands in the channel itself: roots, broadcasts, and what only this person sees. */
  roots(channel) {
    return this.all(channel).filter((message) => !message.thread_ts || message.thread_ts === message.ts);
  }

  replies(channel, root) {
    return this.all(channel).filter((message) => message.thread_ts === root && message.ts !== root);
  }

  find(channel, ts) {
    return this.messages.get(channel)?.get(ts);
  }

  /** Takes an event in. Gives the message that is new, when there is one. */
  take(type, data) {
    switch (type) {
      case "message":
      case "ephemeral":
        this.#put(data.channel, data.message);
        return data.message;
      case "message_changed":
      case "ephemeral_changed":
        this.#put(data.channel, data.message);
        break;
      case "message_deleted":
      case "ephemeral_deleted":
        this.messages.get(data.channel)?.delete(data.ts);
        break;
      case "reaction": {
        const message = this.find(data.channel, data.ts);
        if (message) message.reactions = data.reactions;
        break;
      }
      case "channel":
        this.channels.set(data.channel.id, data.channel);
        break;
    }
    return null;
  }

  #put(channel, message) {
    if (!this.messages.has(channel)) this.messages.set(channel, new Map());
    this.messages.get(channel).set(message.ts, message);
  }
}

export const EVENTS = [
  "message", "message_changed", "message_deleted", "ephemeral", "ephemeral_changed", "ephemeral_deleted", "reaction",
  "view_opened", "view_updated", "view_closed", "view_errors", "channel", "connections", "notice", "reset",
];
