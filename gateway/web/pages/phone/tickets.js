// Tickets in a text: never broken at their dash, and answered by a tap.

const TICKET = /(?<![\w/-])(\d{4}-\d{4})(?![\w/-])/;
const LINK = /\b(?:https?:\/\/|www\.)\S+|\b[a-z\d-]+(?:\.[a-z\d-]+)+\/\S*/gi;
const EXAMPLE = /(?:mis\.|e\.g\.|tuladha)\s+[A-Z]+ \d{4}-\d{4}/gi;
const STATUS = new Set(["CEK", "STATUS", "PRIKSA"]);
const ASKS_FOR_1 = /\b(?:balas|wangsuli|reply)\s+1\b/i;

/** Show `text` in `place`, each of its tickets on one line. */
export function showText(place, text) {
  const pieces = text.split(TICKET).map((piece, index) => (index % 2 ? unbroken(piece) : piece));
  place.replaceChildren(...pieces);
}

/** Return the replies to an SMS, to send as they are, or to complete where they end with a blank. */
export function replies(text) {
  const own = text.replace(LINK, " ").replace(EXAMPLE, " ");
  const found = ASKS_FOR_1.test(own) ? ["1"] : [];
  for (const [, word, ticket] of own.matchAll(new RegExp(`(?:\\b([A-Z]{2,}) )?${TICKET.source}`, "g"))) {
    found.push(`CEK ${ticket}`);
    if (word && !STATUS.has(word)) found.push(`${word} ${ticket} `);
  }
  return [...new Set(found)];
}

function unbroken(ticket) {
  const place = document.createElement("span");
  place.className = "ticket";
  place.textContent = ticket;
  return place;
}
