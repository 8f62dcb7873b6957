/** Times, durations and counts as text. */

/** Format a time in the video: 0:07.4, 12:03.0, 1:02:03.0. */
export function formatTime(milliseconds) {
  const tenths = Math.floor(milliseconds / 100);
  const [hours, minutes] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60];
  const seconds = `${Math.floor(tenths / 10) % 60}`.padStart(2, "0");
  const before = hours ? `${hours}:${`${minutes}`.padStart(2, "0")}` : `${minutes}`;
  return `${before}:${seconds}.${tenths % 10}`;
}

/** Format a time in the video without a zero after the decimal point: 0:07, 12:03.5. */
export const formatShortTime = (milliseconds) => formatTime(milliseconds).replace(/\.0$/, "");

/** Format a duration as the report does: 7.4 s, 41 s, 1 min 2 s, 2 h 03 min. */
export function formatDuration(milliseconds) {
  if (milliseconds < 9950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min${seconds % 60 ? ` ${seconds % 60} s` : ""}`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${`${minutes % 60}`.padStart(2, "0")} min`;
}

/** Format the length of a range: exact seconds up to ten minutes, such as 75.5 s. */
export const formatLength = (milliseconds) =>
  milliseconds < 600_000 ? `${Math.round(milliseconds / 100) / 10} s` : formatDuration(milliseconds);

export const formatCount = (number, singular, plural) => `${number.toLocaleString("en")} ${number === 1 ? singular : plural}`;

/** Isolate a name, so that its writing direction does not affect the text around it. */
export const isolateName = (name) => (/[^ -~]/.test(name) ? `\u2068${name}\u2069` : name);

export const formatPeople = (number) => formatCount(number, "person", "people");

/** Compare texts by their characters, as Python sorts names. */
export const compareCodes = (one, other) => {
  const [a, b] = [[...one], [...other]];
  const at = a.findIndex((letter, i) => letter !== b[i]);
  if (at < 0) return a.length - b.length;
  return at >= b.length ? 1 : a[at].codePointAt(0) - b[at].codePointAt(0);
};
