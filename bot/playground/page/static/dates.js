// Times as Slack writes them, in the time zone of the browser.

const PARTS = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
};

/** Slack's date tokens (`{date_short_pretty} {time}`); the fallback when the number is no time. */
export function formatDate(seconds, format, fallback = "") {
  const at = new Date(seconds * 1000);
  if (!Number.isFinite(seconds) || Number.isNaN(at.getTime())) return fallback || format;
  return format.replace(/\{(\w+)\}/g, (whole, token) => {
    if (token === "ago") return ago(at);
    if (token === "date_num") return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    const pretty = token.endsWith("_pretty");
    if (pretty && near(at)) return near(at);
    const options = PARTS[pretty ? token.slice(0, -7) : token];
    return options ? new Intl.DateTimeFormat("en-GB", options).format(at) : whole;
  });
}

export function clockTime(ts) {
  return formatDate(Number(ts), "{time}");
}

export function dayName(ts) {
  return near(new Date(Number(ts) * 1000)) || formatDate(Number(ts), "{date_long}");
}

function two(number) {
  return String(number).padStart(2, "0");
}

function near(at) {
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((midnight(at) - midnight(new Date())) / 86_400_000);
  return { 0: "Today", "-1": "Yesterday", 1: "Tomorrow" }[days] ?? "";
}

function ago(at) {
  const seconds = Math.round((at.getTime() - Date.now()) / 1000);
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, size] of [["day", 86_400], ["hour", 3_600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return words.format(Math.trunc(seconds / size), unit);
  }
  return words.format(seconds, "second");
}
