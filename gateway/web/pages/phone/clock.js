// Time that is left of a USSD session: the network ends it, however often it was answered.

const element = (id) => document.getElementById(id);
let ticking = null;

/** Count down from `seconds`, and call `ended` at zero. */
export function startClock(seconds, ended) {
  stopClock();
  const endsAt = performance.now() + 1000 * seconds;
  const tick = () => {
    const left = Math.max(0, (endsAt - performance.now()) / 1000);
    if (left === 0) {
      stopClock();
      ended();
      return;
    }
    show(Math.ceil(left), seconds);
  };
  element("clock").hidden = false;
  ticking = setInterval(tick, 250);
  tick();
}

export function stopClock() {
  clearInterval(ticking);
  element("clock").hidden = true;
}

/** Return seconds as minutes and seconds. */
export const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

function show(left, seconds) {
  element("left").textContent = minutes(left);
  element("ring").setAttribute("stroke-dashoffset", String(100 - (100 * left) / seconds));
  element("clock").classList.toggle("short", left <= 30);
}
