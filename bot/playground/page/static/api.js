// Talking to the playground: the secret, who one is, requests, and a stream of events that comes back by itself.

const query = new URLSearchParams(location.search);
if (query.get("secret")) sessionStorage.setItem("patchbay.secret", query.get("secret"));
const secret = sessionStorage.getItem("patchbay.secret") ?? "";
if (query.has("secret")) history.replaceState(null, "", location.pathname); // not in screenshots, not in the history

let who = sessionStorage.getItem("patchbay.as") || "ana";
export const person = () => who;
export function become(name) {
  who = name;
  sessionStorage.setItem("patchbay.as", name);
}

/** An answer that was no. `text` is for people. */
export class Refused extends Error {
  constructor(answer, status) {
    super(answer.text || answer.error || `The playground answered ${status}.`);
    this.code = answer.error;
    this.errors = answer.errors;
    this.status = status;
  }
}

async function ask(path, options) {
  const response = await fetch(path, { ...options, headers: { "X-Playground-Secret": secret, ...options?.headers } });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok || answer.ok === false) throw new Refused(answer, response.status);
  return answer;
}

export function get(path, fields = {}) {
  return ask(`${path}?${new URLSearchParams({ as: who, ...fields })}`);
}

export function post(path, fields) {
  const body = JSON.stringify({ as: who, ...fields });
  return ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
}

/** The address of a file for pictures and downloads, which cannot send headers. */
export function fileUrl(url) {
  return `${url}?${new URLSearchParams({ as: who, secret })}`;
}

export async function fileText(url) {
  const response = await fetch(`${url}?${new URLSearchParams({ as: who })}`, { headers: { "X-Playground-Secret": secret } });
  if (!response.ok) throw new Error("The file could not be read.");
  return response.text();
}

/** Server-sent events. `types` are listened to; `lost` is called once when the stream breaks. Gives a way to close it. */
export function stream(path, fields, types, heard, lost) {
  const source = new EventSource(`${path}?${new URLSearchParams({ as: who, secret, ...fields })}`);
  for (const type of types) source.addEventListener(type, (event) => heard(type, JSON.parse(event.data)));
  source.addEventListener("error", () => {
    source.close();
    lost();
  });
  return () => source.close();
}
