// SMS of the phone: an inbox that is polled once a second, with replies by tap, and a form to write one.

import { allMessages, hasArrived, sendSms } from "./carrier.js";
import { showGauge } from "./gauge.js";
import { measureSms } from "./gsm.js";
import { currentLanguage, say, sayLabel, unsay } from "./language.js";
import { subscriber, whenChanged } from "./subscriber.js";
import { replies, showText } from "./tickets.js";
import { showTraffic } from "./traffic.js";

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
    const messages = await allMessages();
    if (phone === subscriber()) receive(messages.filter((message) => message.to === phone && hasArrived(message)));
    showTraffic(messages);
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
    say(element("announcement"), "newMessage", fresh.at(-1).from);
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
  if (message.from) sender.textContent = message.from;
  else say(sender, "noSender");
  time.dateTime = message.at;
  time.textContent = new Date(message.at).toLocaleTimeString(currentLanguage());
  head.append(sender, " ", time);
  showText(text, message.text);
  entry.append(head, text, ...replies(message.text).map(replyButton));
  entry.classList.toggle("new", isNew);
  return entry;
}

/** Make a button that sends a reply, or puts one that is to be completed into the form. */
function replyButton(reply) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reply";
  button.textContent = reply.endsWith(" ") ? `${reply}…` : reply;
  button.addEventListener("click", async () => {
    if (reply.endsWith(" ")) {
      written.value = reply;
      written.focus();
      showSize();
      return;
    }
    button.classList.remove("sent");
    if (await send(reply, "sentReply")) button.classList.add("sent");
    else element("compose-result").scrollIntoView({ block: "nearest" });
  });
  return button;
}

function showBadge() {
  badge.hidden = unread === 0;
  badge.textContent = unread ? `✉ ${unread}` : "";
  sayLabel(badge, "unread", unread);
}

function markRead() {
  unread = 0;
  for (const entry of list.querySelectorAll(".new")) entry.classList.remove("new");
  showBadge();
}

function reachable(yes) {
  signal.classList.toggle("none", !yes);
  sayLabel(signal, yes ? "signal" : "noSignal");
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
const written = element("text");
let sending = false; // a second press during a request sends nothing

/** Send `text` once. `done` is the key of the words for its success. Returns false if it did not leave. */
async function send(text, done) {
  if (sending) return false;
  sending = true;
  const result = element("compose-result");
  result.classList.remove("error");
  say(result, "sending");
  try {
    await sendSms(subscriber(), text);
    say(result, done, text);
    return true;
  } catch (refusal) {
    say(result, refusal.key, ...refusal.values);
    result.classList.add("error");
    return false;
  } finally {
    sending = false;
  }
}

function showSize() {
  const { length, room, parts, unicode } = measureSms(written.value);
  const note = ` · ${parts} SMS${unicode ? " · UCS-2" : ""}`;
  showGauge(element("sms-count"), element("sms-bar"), { length, room, note });
}

compose.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = written.value;
  if (!(await send(text, "sent"))) return;
  if (written.value === text) written.value = ""; // text typed meanwhile belongs to the next SMS
  showSize();
});
written.addEventListener("input", showSize);
written.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) compose.requestSubmit();
});

whenChanged(() => {
  known = new Set();
  unread = 0;
  first = true;
  list.replaceChildren();
  unsay(element("compose-result"));
  element("compose-result").textContent = "";
  look();
});
showSize();
poll();
