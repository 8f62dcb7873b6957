/** Moments, lengths of time and counts in words. */

/** Write a moment of the video: 0:07.4, 12:03.0, 1:02:03.0. */
export function clock(milliseconds) {
  const tenths = Math.floor(milliseconds / 100);
  const [hours, minutes] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60];
  const seconds = `${Math.floor(tenths / 10) % 60}`.padStart(2, "0");
  const before = hours ? `${hours}:${`${minutes}`.padStart(2, "0")}` : `${minutes}`;
  return `${before}:${seconds}.${tenths % 10}`;
}

/** Write a length of time as the report does: 7.4 s, 41 s, 1 min 2 s, 2 h 03 min. */
export function span(milliseconds) {
  if (milliseconds < 9950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min${seconds % 60 ? ` ${seconds % 60} s` : ""}`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${`${minutes % 60}`.padStart(2, "0")} min`;
}

/** Write the name of a zone, with an asterisk if quality checks are not good there. */
export const marked = (zone) => (zone.checks?.length ? `${zone.name} *` : zone.name);

/** Say which quality checks of a zone are not good. */
export const checks = (zone) => (zone.checks?.length ? [`* Quality checks: ${zone.checks.join(", ")}`] : []);

export const counted = (number, one, many) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
