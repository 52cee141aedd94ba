// The marks that Patchbay puts before its words, drawn here: a machine without an emoji font would show empty boxes.
// Pictures with the character as alternative text, as Slack has them: they are read out and copied as the character.

const disc = (colour) => `<circle cx="12" cy="12" r="9.5" fill="${colour}"/>`;
const square = (colour) => `<rect x="1.5" y="1.5" width="21" height="21" rx="5" fill="${colour}"/>`;
const line = (path, colour = "#fff", width = 3) =>
  `<path d="${path}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;

const DRAWINGS = {
  "✅": square("#2e9e5b") + line("M6.5 12.5l4 4 7-8.5"),
  "❌": line("M5.5 5.5l13 13M18.5 5.5l-13 13", "#d92d3a", 4.5),
  "⚠️": '<path d="M12 2.5 23 21.5H1z" fill="#f5b623" stroke="#f5b623" stroke-width="2" stroke-linejoin="round"/>' +
    line("M12 9v5.5M12 18.2v.1", "#3b2a00", 2.6),
  "⏳": '<path d="M7 3.5h10c0 5-3.5 6-3.5 8.5s3.5 3.5 3.5 8.5H7c0-5 3.5-6 3.5-8.5S7 8.5 7 3.5z" fill="#f6d58a"/>' +
    '<path d="M8.5 20c.4-3 2-3.600 3.5-5 1.5 1.400 3.100 2 3.5 5z" fill="#d18b1f"/>' +
    line("M5.5 3h13M5.5 21h13", "#9a6a2f", 2.6),
  "⏭️": square("#3b82c4") + '<path d="M5 7l6 5-6 5zM11 7l6 5-6 5z" fill="#fff"/>' + line("M18.6 7.5v9", "#fff", 2.2),
  "↩️": square("#3b82c4") + line("M9.5 6.5 5.5 10.5l4 4M6 10.5h8.5a3.5 3.5 0 0 1 0 7H11", "#fff", 2.4),
  "🔴": disc("#dc3545"),
  "🟠": disc("#f08a24"),
  "🟡": disc("#f2c744"),
  "🔵": disc("#3b82c4"),
  "🟢": disc("#2e9e5b"),
};
const MARK = new RegExp(Object.keys(DRAWINGS).map((mark) => mark.replace("\uFE0F", "\uFE0F?")).join("|"), "gu");

/** The text as strings and pictures; the text itself when there is no mark in it. */
export function drawn(text) {
  if (text.search(MARK) < 0) return text;
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(MARK)) {
    if (found.index > end) parts.push(text.slice(end, found.index));
    parts.push(picture(found[0]));
    end = found.index + found[0].length;
  }
  if (end < text.length) parts.push(text.slice(end));
  return parts;
}

function picture(mark) {
  const image = document.createElement("img");
  const drawing = DRAWINGS[mark] ?? DRAWINGS[`${mark}\uFE0F`];
  image.className = "mark";
  image.alt = mark;
  image.src = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${drawing}</svg>`)}`;
  return image;
}
