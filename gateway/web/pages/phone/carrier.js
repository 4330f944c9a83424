// Client of the built-in carrier's API for phones. Every failure is an Error whose message can be shown.

const ARRIVED = new Set(["Queued", "Sent", "Success"]);

export const dial = (phone, code) => post("ussd", { phone, dial: code });
export const answer = (session, keys) => post("ussd", { session, keys });
export const hangUp = (session) => post("ussd", { session, hang_up: true });
export const sendSms = (phone, text) => post("sms", { phone, text });

/** Return the SMS of `phone`, oldest first. */
export async function messagesTo(phone) {
  const all = await request("messages");
  return all.filter((message) => message.to === phone && ARRIVED.has(message.status));
}

const post = (path, body) =>
  request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

async function request(path, options) {
  let response;
  try {
    response = await fetch(`/local/${path}`, options);
  } catch {
    throw new Error("Gateway tidak dapat dihubungi. Apakah waspada masih berjalan?");
  }
  const answered = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(`Ditolak (HTTP ${response.status}): ${answered.error ?? "tanpa alasan"}`);
  return answered;
}
