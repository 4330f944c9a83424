// Click of a key, made by the browser itself. Off until somebody wants it.

import { ofBrowser } from "./memory.js";

const box = document.getElementById("sound");
let context = null;

function click() {
  if (!box.checked) return;
  context ??= new AudioContext();
  const now = context.currentTime;
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.type = "triangle";
  tone.frequency.setValueAtTime(1900, now);
  tone.frequency.exponentialRampToValueAtTime(500, now + 0.02);
  volume.gain.setValueAtTime(0.15, now);
  volume.gain.exponentialRampToValueAtTime(0.001, now + 0.03);
  tone.connect(volume).connect(context.destination);
  tone.start(now);
  tone.stop(now + 0.03);
}

box.checked = ofBrowser.recall("sound") === "on";
box.addEventListener("change", () => {
  ofBrowser.remember("sound", box.checked ? "on" : "off");
  click();
});
for (const area of document.querySelectorAll(".keypad, .controls")) {
  area.addEventListener("pointerdown", (event) => event.target.closest("button:enabled") && click());
}
