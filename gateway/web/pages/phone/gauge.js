// Counters such as 109/160, each with a thin bar.

/** Show `length` of `room` in the counter and the bar, with `note` after it. Without a length, show nothing. */
export function showGauge(counter, bar, { length, room, note = "" }) {
  counter.textContent = length ? `${length}/${room}${note}` : "";
  counter.classList.toggle("too-long", length > room);
  bar.hidden = !length;
  bar.classList.toggle("too-long", length > room);
  bar.firstElementChild.style.width = `${Math.min(100, (100 * length) / room)}%`;
}
