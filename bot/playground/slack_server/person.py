"""The person's side of the pretend Slack: the JSON protocol of the web page, and `Person`, the same for tests.

Everything stands under `/page/`. Requests and answers are JSON in UTF-8; a POST must say `Content-Type: application/json`.

Who may ask. When `EmbeddedSlack(secret=…)` is set, each request carries it: header `X-Playground-Secret` or query
`secret` (for EventSource and pictures). `Host` must be the address of this server (127.0.0.1 or localhost, its port),
`Origin`, when there is one, `http://` and that same host. Otherwise 403.

Who one is. `as` (query of a GET, field of a POST) is the name or id of a person: `ana` (when it is left out) or `ben`.

Answers. `{"ok": true, …}`, or with status 400 (403, 404) `{"ok": false, "error": code, "text": what to tell the person}`.
A request is answered as soon as Slack has taken it; what the bot makes of it comes as events.

    GET  /page/state    {me, bot, team: {id, name}, users, channels, messages: {channel id: [message, oldest first]},
                        views: [the open modals, the top one last], home: view or null,
                        commands: [{name, description, usage_hint, completions}], connections, last_event}
    GET  /page/events   server-sent events, see below; `after` (query) or Last-Event-ID: the number of the last one seen
    GET  /page/files/ID the bytes of a file that this person can see
    POST /page/say      {as, channel, text, thread_ts?} -> {ts} for a message, {command} for a slash command
    POST /page/click    {as, channel, ts | view_id, block_id, action_id, value?, values?}   a button, or a choice made
    POST /page/options  {as, channel, ts | view_id, block_id, action_id, query} -> {options}   external_select only
    POST /page/submit   {as, view_id, values}      a modal; error `missing_input` has errors: {block_id: text}
    POST /page/close    {as, view_id, all?}        one modal, or the whole stack of them
    POST /page/invite   {as, channel, user?}       into a channel; the bot when no user is named
    POST /page/home     {as}                       the person opens the bot's Home tab

`values` is `{block_id: {action_id: value}}`: what stands in the inputs of the message or view. A `value` is a text (inputs,
dates as YYYY-MM-DD, times as HH:MM, date-times as a number of seconds), the value of an option (selects, radio buttons,
overflow), an id (user, channel and conversation selects), or a list of those (multi-selects, checkboxes). Nothing for a
button. Empty fields are left out or null. The server finds the element and builds Slack's payload; confirmation dialogs
are the page's task before it clicks. A button with a `url` is opened by the page and clicked as well.

A user is `{id, name, real_name, is_bot, tz}`. A channel is `{id, name, is_private, is_im, is_archived, topic, members}`; an
`is_im` one has the bot in it and `user`, its person, and is shown to that person alone. A message is Slack's own: `{channel,
ts, user, text, blocks?, attachments?, thread_ts?, reply_count?, reactions?, files?, edited?, bot_id?, app_id?}`; in `text` Slack's
markup stands (`<@U…>`, `<http://…|label>`, `&amp;`). An ephemeral one has `ephemeral: true` and only its person gets it. A
file is `{id, name, title, mimetype, size, url}`, url being `/page/files/ID` without the secret. A view is Slack's own with `id`,
`type` (modal or home), `hash`, `root_view_id`, `previous_view_id`, `state`.

Events have `id:` (a number), `event:` (the type) and `data:`, a JSON object that repeats `type` and holds:

    message, message_changed   {channel, message}         thread replies too: message.thread_ts differs from message.ts
    message_deleted            {channel, ts}
    ephemeral, ephemeral_changed {channel, message}       ephemeral_deleted {channel, ts}
    reaction                   {channel, ts, reactions}
    view_opened, view_updated  {view}                     view_closed {view_id}: take that one from the stack
    view_errors                {view_id, errors: {block_id: text}}
    home_published             {view}
    file                       {file}                     a file has come into being (before the message that shows it)
    channel                    {channel}                  new or changed: members, topic, archived
    connections                {count}                    how many sockets the bot holds; http mode: 0
    notice                     {channel?, code, text}     what Slack itself says, e.g. code operation_timeout, text
                                                          "/net failed with the error \"operation_timeout\""
    reset                      {}                         the number asked for is too old: read /page/state again
"""
