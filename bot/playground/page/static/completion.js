// What a composer may offer for what stands before the caret: commands, people, channels. Pure: text in, choices out.

/**
 * [{insert, from, to, title, usage, summary}] for the text before the caret. `vocabulary`: {slash, bot, commands:
 * [{name, usage, summary, examples}], people: [name], channels: [name], direct: bool}
 */
export function choicesFor(text, caret, vocabulary, inThread = false) {
  const before = text.slice(0, caret);
  const line = commandLine(before, vocabulary, inThread);
  if (line) {
    const found = ofCommands(line, caret, vocabulary.commands);
    if (found.length) return found;
  }
  const word = /(?:^|\s)([@#])([\w.-]*)$/.exec(before);
  if (word) return ofNames(word[1], word[2], caret, vocabulary);
  const slash = /^\/(\S*)$/.exec(before);
  if (slash && !inThread && vocabulary.slash.startsWith(before)) {
    return [{ insert: `${vocabulary.slash} `, from: 0, to: caret, title: vocabulary.slash, usage: "[command]", summary: "ask Patchbay about the network" }];
  }
  return [];
}

/** What was typed after `/net ` or `@patchbay ` (in a direct message after nothing), and where it begins; null when neither stands there. */
function commandLine(before, { slash, bot, direct }, inThread) {
  const starts = inThread ? [`@${bot} `] : [`${slash} `, `@${bot} `];
  const start = starts.find((one) => before.startsWith(one)) ?? (direct && /^[a-z]/i.test(before) ? "" : null);
  return start !== null ? { typed: before.slice(start.length).replace(/^ +/, ""), from: before.length - before.slice(start.length).replace(/^ +/, "").length } : null;
}

function ofCommands({ typed, from }, to, commands) {
  const words = typed.toLowerCase();
  const begin = commands.filter((command) => command.name.startsWith(words));
  const hold = commands.filter((command) => !begin.includes(command) && words.length > 1 && command.name.split(" ").some((word) => word.startsWith(words)));
  const named = [...begin, ...hold].map((command) => ({ insert: `${command.name} `, from, to, title: command.name, usage: withoutName(command), summary: command.summary }));
  if (named.length && !(named.length === 1 && commands.some((command) => command.name === words.trim() && words.endsWith(" ")))) return named;
  const current = commands.filter((command) => words.startsWith(`${command.name} `)).sort((a, b) => b.name.length - a.name.length)[0];
  if (!current) return [];
  const examples = (current.examples ?? []).filter((line) => line.toLowerCase().startsWith(words.trimEnd()) && line !== typed.trim());
  const hint = { insert: null, from, to, title: current.name, usage: withoutName(current), summary: current.summary };
  return [...examples.map((line) => ({ insert: line, from, to, title: line, usage: "", summary: "example" })), hint];
}

function withoutName(command) {
  return (command.usage ?? "").startsWith(command.name) ? command.usage.slice(command.name.length).trim() : (command.usage ?? "");
}

function ofNames(sign, typed, to, { people, channels }) {
  const names = sign === "@" ? people : channels;
  return names.filter((name) => name.startsWith(typed.toLowerCase())).map((name) => ({ insert: `${sign}${name} `, from: to - typed.length - 1, to, title: `${sign}${name}`, usage: "", summary: "" }));
}
