// Feature phone: input line, screen, and one dialogue at a time.

import { answer, dial, hangUp } from "./carrier.js";
import { measure } from "./gsm.js";
import { subscriber, whenChanged } from "./subscriber.js";
import "./sms.js";

const element = (id) => document.getElementById(id);
const typed = element("typed");
const serviceCode = document.body.dataset.serviceCode;
const hasMouse = matchMedia("(pointer: fine)").matches;

let session = null; // id of the open dialogue
let attempt = 0; // an answer to an earlier attempt is not shown
let busy = false;

function show(mode, text, { error = false, counted = false } = {}) {
  element("mode").textContent = mode;
  element("screen").textContent = text;
  element("screen").scrollTop = 0;
  element("screen").classList.toggle("refused", error);
  const size = counted && text ? measure(text) : { text: "", fits: true };
  element("count").textContent = size.text;
  element("count").classList.toggle("too-long", !size.fits);
  element("entry-label").textContent = session ? "Jawaban" : "Kode";
  element("call-label").textContent = session ? "Kirim" : "Panggil";
  typed.placeholder = session ? "" : serviceCode;
}

function idle() {
  show("Siap", `Ketik kode, lalu Panggil.\n\nLayanan ini:\n${serviceCode}`);
}

/** Call or answer with the typed text. Without text, call the service or send an empty answer. */
async function send() {
  if (busy) return;
  const keys = typed.value;
  typed.value = "";
  const open = session;
  await shown(open ? () => answer(open, keys) : () => dial(subscriber(), keys.trim() || serviceCode));
}

async function shown(ask) {
  const mine = ++attempt;
  busy = true;
  show("Menghubungi…", "", {});
  try {
    const result = await ask();
    if (mine !== attempt) {
      if (result.open) await hangUp(result.session);
      return;
    }
    session = result.open ? result.session : null;
    show(result.open ? "USSD" : "Selesai", result.screen, { counted: true });
  } catch (error) {
    if (mine !== attempt) return;
    session = null;
    show("Gagal", error.message, { error: true });
  } finally {
    if (mine === attempt) busy = false;
    if (hasMouse && mine === attempt) typed.focus();
  }
}

async function end() {
  const open = session;
  attempt += 1;
  busy = false;
  session = null;
  typed.value = "";
  idle();
  if (!open) return;
  try {
    await hangUp(open);
  } catch {
    // The network ends the dialogue by itself after its timeout.
  }
}

function press(key) {
  typed.value += key;
  typed.scrollLeft = typed.scrollWidth;
}

function erase() {
  typed.value = typed.value.slice(0, -1);
}

element("entry").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
element("erase").addEventListener("click", erase);
element("hang-up").addEventListener("click", end);
element("keypad").addEventListener("click", (event) => {
  const key = event.target.closest("button");
  if (key) press(key.dataset.key);
});
for (const area of [element("keypad"), document.querySelector(".controls")]) {
  area.addEventListener("mousedown", (event) => event.preventDefault()); // keep the focus on the input line
}

// Keys of the computer reach the phone, unless another field of the page has the focus.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const elsewhere = event.target.closest("input, textarea, select");
  if (elsewhere && elsewhere !== typed) return;
  if (event.key === "Escape") end();
  else if (elsewhere === typed) return;
  else if (/^[0-9*#]$/.test(event.key)) press(event.key);
  else if (event.key === "Backspace") erase();
  else if (event.key === "Enter" && !event.target.closest("button, a, summary")) send();
  else return;
  event.preventDefault();
});

whenChanged(end);
idle();
if (hasMouse) typed.focus();
