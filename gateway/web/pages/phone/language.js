// Language of the page's own words. The network's screens are in the language that the resident chose there.

import { ofBrowser } from "./memory.js";
import { WORDS } from "./words.js";

const switches = document.querySelectorAll("#languages button");
let language = "id";

/** Show the words of `key` with `values` in `place`, now and after each change of the language. */
export function say(place, key, ...values) {
  place.dataset.word = key;
  place.dataset.values = JSON.stringify(values);
  place.textContent = words(key, values);
}

/** Give `place` a name for screen readers, now and after each change of the language. */
export function sayLabel(place, key, ...values) {
  place.dataset.wordLabel = key;
  place.dataset.values = JSON.stringify(values);
  place.setAttribute("aria-label", words(key, values));
}

/** Let `place` hold a text that is no word of the page. */
export function unsay(place) {
  delete place.dataset.word;
}

export const currentLanguage = () => language;

function words(key, values) {
  return WORDS[language][key].replace(/\{(\d)\}/g, (_, index) => values[index]);
}

function speak(chosen) {
  language = chosen;
  document.documentElement.lang = language;
  document.title = `${WORDS[language].title} Waspada`;
  for (const place of document.querySelectorAll("[data-word]")) {
    place.textContent = words(place.dataset.word, JSON.parse(place.dataset.values ?? "[]"));
  }
  for (const place of document.querySelectorAll("[data-word-label]")) {
    place.setAttribute("aria-label", words(place.dataset.wordLabel, JSON.parse(place.dataset.values ?? "[]")));
  }
  for (const one of switches) one.setAttribute("aria-pressed", String(one.dataset.language === language));
}

for (const one of switches) {
  one.addEventListener("click", () => {
    ofBrowser.remember("language", one.dataset.language);
    speak(one.dataset.language);
  });
}
const kept = ofBrowser.recall("language");
if (kept && Object.hasOwn(WORDS, kept)) speak(kept);
