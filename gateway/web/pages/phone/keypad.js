// Keys of the phone under a finger, a mouse and the keyboard: letters, held keys, and the line that they type in.

import { measure } from "./gsm.js";
import { showGauge } from "./gauge.js";
import { MultiTap } from "./multitap.js";

const ANSWER_SEPTETS = 182;
const HOLD_MS = 600;

const element = (id) => document.getElementById(id);
const typed = element("typed");
const keypad = element("keypad");
const taps = new MultiTap();
let held = null; // timer of a key that is down; false once it was held, until its click
let fading = null;

/** Return what is typed, and begin anew in digits. */
export function takeTyped() {
  const text = typed.value;
  taps.reset();
  set("");
  return text;
}

/** Type a key of the phone. On the keyboard of a computer a digit is a digit, in every mode. */
export function press(key, { plain = false } = {}) {
  if (plain) taps.settle();
  set(plain ? typed.value + key : taps.press(typed.value, key, performance.now()));
}

export function erase() {
  taps.settle();
  set([...typed.value].slice(0, -1).join(""));
}

/** Let the key of the phone go down with the one of the keyboard. */
export function showDown(key, down) {
  keypad.querySelector(`[data-key="${CSS.escape(key)}"]`)?.classList.toggle("down", down);
}

function set(text) {
  typed.value = text.slice(0, typed.maxLength);
  if (typed.value !== text) taps.settle(); // the line is full, and has no letter of this key
  typed.scrollLeft = typed.scrollWidth;
  show();
}

function show() {
  const choice = taps.choice(performance.now());
  const chosen = document.createElement("b");
  chosen.textContent = choice?.[1] === " " ? "␣" : choice?.[1];
  element("letters").replaceChildren(...(choice ? [choice[0], chosen, choice[2]] : []));
  element("shift-mode").textContent = taps.mode;
  document.body.classList.toggle("typing-letters", taps.mode !== "123");
  showGauge(element("typed-count"), element("typed-bar"), measure(typed.value, ANSWER_SEPTETS));
  clearTimeout(fading);
  if (choice) fading = setTimeout(show, 1000);
}

keypad.addEventListener("pointerdown", (event) => {
  const key = event.target.closest("button")?.dataset.key;
  clearTimeout(held);
  held = null;
  if (!key || (taps.mode === "123" && key !== "#")) return;
  held = setTimeout(() => {
    held = false;
    set(taps.hold(typed.value, key));
  }, HOLD_MS);
});
for (const released of ["pointerup", "pointercancel", "pointerleave"]) {
  keypad.addEventListener(released, () => held && clearTimeout(held));
}
keypad.addEventListener("contextmenu", (event) => event.preventDefault()); // of a key that is held
keypad.addEventListener("click", (event) => {
  const key = event.target.closest("button")?.dataset.key;
  if (key && (held !== false || event.detail === 0)) press(key); // 0: by the keyboard
  held = null;
});
element("shift").addEventListener("click", () => {
  taps.shift();
  show();
});
element("erase").addEventListener("click", erase);
typed.addEventListener("input", () => {
  taps.settle();
  show();
});
show();
