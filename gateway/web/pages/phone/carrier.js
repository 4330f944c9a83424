// Client of the built-in carrier's API for phones. Every failure is a `Refusal`, whose words can be shown.

const ARRIVED = new Set(["Queued", "Sent", "Success"]);

/** Failure with a key of words.js and its values. */
export class Refusal extends Error {
  constructor(key, ...values) {
    super(key);
    this.key = key;
    this.values = values;
  }
}

export const dial = (phone, code) => post("ussd", { phone, dial: code });
export const answer = (session, keys) => post("ussd", { session, keys });
export const hangUp = (session) => post("ussd", { session, hang_up: true });
export const loseSignal = (session) => post("ussd", { session, lose_signal: true });
export const sendSms = (phone, text) => post("sms", { phone, text });
export const allMessages = () => request("messages");

/** Return a number that is written in any spelling, in E.164. */
export const readNumber = async (written) => (await post("number", { number: written })).phone;

export const hasArrived = (message) => ARRIVED.has(message.status);

const post = (path, body) =>
  request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

async function request(path, options) {
  let response;
  try {
    response = await fetch(`/local/${path}`, options);
  } catch {
    throw new Refusal("unreachable");
  }
  if (response.ok) return response.json();
  const known = { 400: path === "number" ? "notANumber" : "badRequest", 403: "foreign", 404: "noSession", 502: "notTaken" };
  throw new Refusal(known[response.status] ?? "refused", response.status);
}
