// Number of the phone: one of the test numbers or another one, kept for this tab.

const KEY = "waspada.phone";
const choice = document.getElementById("subscriber");
const other = document.getElementById("other");
const otherNumber = document.getElementById("other-number");
const error = document.getElementById("subscriber-error");
const listeners = [];

let number = choice.options[0].value;

/** Return the number of the phone. */
export const subscriber = () => number;

/** Call `listener` whenever the number of the phone changes. */
export const whenChanged = (listener) => listeners.push(listener);

function become(chosen) {
  error.textContent = "";
  if (chosen === number) return;
  number = chosen;
  sessionStorage.setItem(KEY, number);
  for (const listener of listeners) listener();
}

choice.addEventListener("change", () => {
  other.hidden = choice.value !== "";
  if (choice.value) become(choice.value);
  else otherNumber.focus();
});
other.addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = otherNumber.value.replace(/[\s.-]/g, "");
  if (/^\+[1-9][0-9]{7,14}$/.test(typed)) become(typed);
  else error.textContent = "Tulis nomor dengan kode negara, misalnya +62812…";
});

const kept = sessionStorage.getItem(KEY);
if (kept) {
  number = kept;
  choice.value = [...choice.options].some((option) => option.value === kept) ? kept : "";
  other.hidden = choice.value !== "";
  otherNumber.value = choice.value ? "" : kept;
}
