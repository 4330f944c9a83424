// Length of a text as a network counts it, as in gateway/text/gsm.py.

const EXTENSION = "\f^{}\\[~]|€";
const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const UCS2_OF_USSD = 80;

const characters = new Intl.Segmenter("id", { granularity: "grapheme" });

/** Return the length of `text` on a USSD screen or in an answer, which holds `septets` of GSM-7, or 80 units of UCS-2. */
export function measure(text, septets) {
  const { length, unicode } = size(text);
  return { length, unicode, room: unicode ? UCS2_OF_USSD : septets };
}

/** Return the length of an SMS, the parts that it is sent in, and what these have room for. */
export function measureSms(text) {
  const { length, unicode, widths } = size(text);
  const [single, several] = unicode ? [70, 67] : [160, 153];
  if (length <= single) return { length, unicode, parts: 1, room: single };
  let parts = 1;
  let used = 0;
  for (const width of widths) {
    if (used + width > several) {
      parts += 1;
      used = 0;
    }
    used += width;
  }
  return { length, unicode, parts, room: parts * several };
}

/** Measure `text`. What is seen as one character is never cut in two by the parts of an SMS, and is one of `widths`. */
function size(text) {
  const composed = text.normalize("NFC");
  const unicode = [...composed].some((one) => !BASIC.includes(one) && !EXTENSION.includes(one));
  const width = (one) => (!unicode && EXTENSION.includes(one) ? 2 : one.length);
  const widths = [...characters.segment(composed)].map(({ segment }) => width(segment));
  return { unicode, widths, length: widths.reduce((sum, one) => sum + one, 0) };
}
