// Length of a screen as a network counts it, as in gateway/text/gsm.py.

const EXTENSION = "\f^{}\\[~]|€";
const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/** Return the length of `text` on a USSD screen, and whether it fits: 182 septets, or 80 units of UCS-2. */
export function measure(text) {
  const characters = [...text.normalize("NFC")];
  const basic = characters.filter((one) => BASIC.includes(one)).length;
  const extended = characters.filter((one) => EXTENSION.includes(one)).length;
  if (basic + extended === characters.length) {
    const septets = basic + 2 * extended;
    return { text: `${septets} septet`, fits: septets <= 182 };
  }
  const units = characters.join("").length;
  return { text: `${units} unit UCS-2`, fits: units <= 80 };
}
