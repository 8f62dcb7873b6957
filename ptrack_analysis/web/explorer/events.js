/** What the explorer tells: events, words for those who do not see, notes. */
import { make } from "./elements.js";

export function on(s, target, name, call, options = {}) {
  target.addEventListener(name, call, { ...options, signal: s.ended.signal });
}

export function emit(s, name, value) {
  s.listeners.get(name)?.forEach((call) => call(value));
}

export function say(s, words) {
  if (s.ready) s.e.live.textContent = words;
}

export function note(s, ...sentences) {
  s.e.notes.append(...sentences.map((text) => make("li", { text })));
  s.e.notes.hidden = !s.e.notes.childElementCount;
}
