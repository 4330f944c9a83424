// Number of the phone: a test number, or one's own in any spelling. The tab keeps its choice, the browser the own ones.

import { readNumber } from "./carrier.js";
import { say, unsay } from "./language.js";
import { ofBrowser, ofTab } from "./memory.js";

const MOST = 12;

const element = (id) => document.getElementById(id);
const choice = element("subscriber");
const other = element("other");
const otherNumber = element("other-number");
const error = element("subscriber-error");
const listeners = [];

const testNumbers = [...choice.options].map((option) => option.value).filter(Boolean);
const isTestNumber = (phone) => testNumbers.includes(phone);
const isNumber = (text) => /^\+[1-9]\d{7,14}$/.test(text);

let own = readOwn(); // newest first
let number = testNumbers[0];

/** Return the number of the phone. */
export const subscriber = () => number;

/** Call `listener` whenever the number of the phone changes. */
export const whenChanged = (listener) => listeners.push(listener);

function become(chosen) {
  showNoError();
  other.hidden = true;
  choice.value = chosen;
  if (chosen === number) return;
  number = chosen;
  ofTab.remember("phone", number);
  for (const listener of listeners) listener();
}

function remember(phone) {
  if (!isTestNumber(phone)) own = [phone, ...own.filter((one) => one !== phone)].slice(0, MOST);
  keepOwn();
}

function keepOwn() {
  ofBrowser.remember("phones", JSON.stringify(own));
  showOwn();
}

function readOwn() {
  try {
    const kept = JSON.parse(ofBrowser.recall("phones") ?? "[]");
    return kept.filter(isNumber).slice(0, MOST);
  } catch {
    return []; // written by somebody else
  }
}

function showOwn() {
  const chosen = choice.value;
  const listed = isTestNumber(number) || own.includes(number) ? own : [number, ...own]; // forgotten by another tab
  for (const option of choice.querySelectorAll(".own")) option.remove();
  for (const phone of listed) {
    const option = new Option(phone);
    option.className = "own";
    choice.options.add(option, choice.options.length - 1);
  }
  choice.value = chosen;
  element("remembered").hidden = own.length === 0;
}

function showNoError() {
  unsay(error);
  error.textContent = "";
}

choice.addEventListener("change", () => {
  if (choice.value) {
    become(choice.value);
    return;
  }
  other.hidden = false;
  otherNumber.focus();
});
other.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const phone = await readNumber(otherNumber.value);
    remember(phone);
    otherNumber.value = "";
    become(phone);
  } catch (refusal) {
    say(error, refusal.key, ...refusal.values);
  }
});
element("forget").addEventListener("click", () => {
  own = [];
  ofTab.forget("phone");
  become(testNumbers[0]);
  keepOwn();
  choice.focus();
});

addEventListener("storage", () => {
  own = readOwn();
  showOwn();
});

const kept = ofTab.recall("phone");
if (isTestNumber(kept) || own.includes(kept)) number = kept;
showOwn();
choice.value = number;
