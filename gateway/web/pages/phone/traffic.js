// What the gateway has sent to all phones, as the built-in carrier saw it: the network's side of the demo.

import { hasArrived } from "./carrier.js";
import { currentLanguage, say } from "./language.js";

const SHOWN = 8;
const element = (id) => document.getElementById(id);
let shown = ""; // states of the listed messages

/** List the last of these messages, newest first. Numbers are masked, as at the desk. */
export function showTraffic(messages) {
  const last = messages.slice(-SHOWN).reverse();
  const state = JSON.stringify(last.map(({ message_id, at, status }) => [message_id, at, status]));
  if (state === shown) return;
  shown = state;
  element("no-traffic").hidden = last.length > 0;
  element("traffic-list").replaceChildren(...last.map(row));
}

function row(message) {
  const entry = document.createElement("li");
  const time = document.createElement("time");
  const to = document.createElement("span");
  const status = document.createElement("b");
  time.dateTime = message.at;
  time.textContent = new Date(message.at).toLocaleTimeString(currentLanguage());
  to.textContent = `${message.to.slice(0, 6)}****${message.to.slice(-3)}`;
  say(status, message.status === "Success" ? "delivered" : hasArrived(message) ? "onTheWay" : "notDelivered");
  status.className = status.dataset.word;
  entry.append(time, " ", to, " ", status);
  return entry;
}
