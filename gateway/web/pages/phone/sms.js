// SMS of the phone: an inbox that is polled once a second, and a form to send one.

import { messagesTo, sendSms } from "./carrier.js";
import { subscriber, whenChanged } from "./subscriber.js";

const element = (id) => document.getElementById(id);
const inbox = element("inbox");
const list = element("messages");
const badge = element("badge");
const signal = element("signal");

let known = new Set(); // ids of the listed messages
let unread = 0;
let first = true; // earlier messages do not count as new

async function look() {
  const phone = subscriber();
  try {
    const messages = await messagesTo(phone);
    if (phone === subscriber()) receive(messages);
    reachable(true);
  } catch {
    reachable(false);
  }
}

function receive(messages) {
  const fresh = messages.filter((message) => !known.has(message.message_id));
  for (const message of fresh) {
    known.add(message.message_id);
    list.prepend(item(message, !first));
  }
  element("no-messages").hidden = known.size > 0;
  if (fresh.length && !first) {
    unread += fresh.length;
    element("announcement").textContent = `Pesan baru dari ${fresh.at(-1).from}`;
  }
  first = false;
  showBadge();
}

function item(message, isNew) {
  const entry = document.createElement("li");
  const head = document.createElement("p");
  const sender = document.createElement("b");
  const time = document.createElement("time");
  const text = document.createElement("p");
  sender.textContent = message.from || "(tanpa nama)";
  time.dateTime = message.at;
  time.textContent = new Date(message.at).toLocaleTimeString("id");
  head.append(sender, " ", time);
  text.textContent = message.text;
  entry.append(head, text);
  entry.classList.toggle("new", isNew);
  return entry;
}

function showBadge() {
  badge.hidden = unread === 0;
  badge.textContent = unread ? `✉ ${unread}` : "";
  badge.setAttribute("aria-label", `${unread} pesan baru`);
}

function markRead() {
  unread = 0;
  for (const entry of list.querySelectorAll(".new")) entry.classList.remove("new");
  showBadge();
}

function reachable(yes) {
  signal.classList.toggle("none", !yes);
  signal.setAttribute("aria-label", yes ? "Ada sinyal" : "Tidak ada sinyal: gateway tidak dapat dihubungi");
}

async function poll() {
  await look();
  setTimeout(poll, 1000);
}

badge.addEventListener("click", (event) => {
  event.preventDefault();
  inbox.scrollIntoView({ block: "nearest" });
  inbox.focus({ preventScroll: true });
  markRead();
});
inbox.addEventListener("click", markRead);

const compose = element("compose");
let sending = false; // a second press during a request sends nothing

compose.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (sending) return;
  sending = true;
  const text = element("text");
  const written = text.value;
  const result = element("compose-result");
  result.classList.remove("error");
  result.textContent = "Mengirim…";
  try {
    await sendSms(subscriber(), written);
    if (text.value === written) text.value = ""; // text typed meanwhile belongs to the next SMS
    result.textContent = "Terkirim.";
  } catch (error) {
    result.textContent = error.message;
    result.classList.add("error");
  } finally {
    sending = false;
  }
});
element("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) compose.requestSubmit();
});

whenChanged(() => {
  known = new Set();
  unread = 0;
  first = true;
  list.replaceChildren();
  look();
});
poll();
