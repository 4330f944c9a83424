// Feature phone: input line, screen, and one dialogue at a time.

import { answer, dial, hangUp, loseSignal } from "./carrier.js";
import { minutes, startClock, stopClock } from "./clock.js";
import { showGauge } from "./gauge.js";
import { measure } from "./gsm.js";
import { erase, press, showDown, takeTyped } from "./keypad.js";
import { say, unsay } from "./language.js";
import { subscriber, whenChanged } from "./subscriber.js";
import { showText } from "./tickets.js";
import "./sms.js";
import "./sound.js";

const element = (id) => document.getElementById(id);
const typed = element("typed");
const screen = element("screen");
const { serviceCode, screenSeptets, sessionSeconds, networkError } = document.body.dataset;
const hasMouse = matchMedia("(pointer: fine)").matches;

let session = null; // id of the open dialogue
let call = { startedAt: 0, screens: 0 };
let attempt = 0; // an answer to an earlier attempt is not shown
let busy = false;
let leave = hangUp; // how a dialogue ends whose first screen comes too late

/** Show a mode, and the words of the page with `key`. */
function tell(mode, key, ...values) {
  show(mode);
  if (key) say(screen, key, ...values);
  else screen.textContent = "";
}

function show(mode, text = "") {
  const ended = mode === "done";
  say(element("mode"), mode);
  unsay(screen);
  showText(screen, text);
  screen.scrollTop = 0;
  element("display").dataset.mode = mode;
  showGauge(element("count"), element("count-bar"), measure(text, Number(screenSeptets)));
  element("ending").hidden = !ended;
  if (ended) say(element("ending"), "ending", call.screens, minutes((performance.now() - call.startedAt) / 1000));
  say(element("entry-label"), session ? "answer" : "code");
  say(element("call-label"), session ? "send" : "call");
  element("lose-signal").disabled = !session && !busy;
  typed.placeholder = session ? "" : serviceCode;
}

const idle = () => tell("ready", "idle", serviceCode);

/** Call or answer with the typed text. Without text, call the service or send an empty answer. */
async function send() {
  if (busy) return;
  const keys = takeTyped();
  const open = session;
  if (!open) call = { startedAt: performance.now(), screens: 0 };
  await shown(open ? () => answer(open, keys) : () => dial(subscriber(), keys.trim() || serviceCode));
}

async function shown(ask) {
  const mine = ++attempt;
  busy = true;
  tell("calling");
  try {
    const result = await ask();
    if (mine !== attempt) {
      if (result.open) await leave(result.session);
      return;
    }
    busy = false;
    receive(result);
  } catch (refusal) {
    if (mine !== attempt) return;
    busy = false;
    session = null;
    stopClock();
    tell("failed", refusal.key, ...refusal.values);
  } finally {
    if (hasMouse && mine === attempt) typed.focus();
  }
}

function receive(result) {
  const isNew = result.open && !session;
  session = result.open ? result.session : null;
  call.screens += 1;
  if (isNew) startClock(Number(sessionSeconds), timeUp);
  if (!session) stopClock();
  if (session) show("open", result.screen);
  else if (result.screen === networkError) tell("failed", "networkError");
  else show("done", result.screen);
}

/** End the dialogue by `how`, and whatever is on its way. */
async function end(how) {
  const open = session;
  attempt += 1;
  busy = false;
  session = null;
  leave = how;
  takeTyped();
  stopClock();
  idle();
  if (!open) return;
  try {
    await how(open);
  } catch {
    // The network ends the dialogue by itself after its timeout.
  }
}

function drop() {
  if (document.activeElement === element("lose-signal")) typed.focus(); // the key is disabled now
  end(loseSignal);
  tell("lost", "lostText");
}

function timeUp() {
  end(hangUp);
  tell("timeUp", "timeUpText", sessionSeconds);
}

element("entry").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
element("hang-up").addEventListener("click", () => end(hangUp));
element("lose-signal").addEventListener("click", drop);
for (const area of [element("keypad"), document.querySelector(".controls")]) {
  area.addEventListener("mousedown", (event) => event.preventDefault()); // keep the focus on the input line
}

// Keys of the computer reach the phone, unless another field of the page has the focus.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const elsewhere = event.target.closest("input, textarea, select");
  if (elsewhere && elsewhere !== typed) return;
  showDown(event.key, true);
  if (event.key === "Escape") end(hangUp);
  else if (elsewhere === typed) return;
  else if (/^[0-9*#]$/.test(event.key)) press(event.key, { plain: true });
  else if (event.key === "Backspace") erase();
  else if (event.key === "Enter" && !event.target.closest("button, a, summary")) send();
  else return;
  event.preventDefault();
});
document.addEventListener("keyup", (event) => showDown(event.key, false));

whenChanged(() => end(hangUp));
idle();
if (hasMouse) typed.focus();
