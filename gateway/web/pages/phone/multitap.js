// Letters on the keys of a phone: a key that is pressed again within a second shows its next letter.

const AGAIN_MS = 1000;
const MODES = ["123", "abc", "ABC"];
const LETTERS = {
  "1": ".,?!'-()/:@1",
  "2": "abc2",
  "3": "def3",
  "4": "ghi4",
  "5": "jkl5",
  "6": "mno6",
  "7": "pqrs7",
  "8": "tuv8",
  "9": "wxyz9",
  "*": "*+#\"&;=_%$",
  "0": " 0",
};

/** Keys of one phone. Every `now` is a time in milliseconds. */
export class MultiTap {
  mode = MODES[0];
  #last = null; // key, index of its letter, and time of the press

  /** Return `text` after a press of `key`. In the modes of letters `#` changes the mode, as on a phone. */
  press(text, key, now) {
    if (this.mode === "123") return text + key;
    if (key === "#") {
      this.shift();
      return text;
    }
    const letters = this.#letters(key);
    const again = this.#last?.key === key && now - this.#last.at < AGAIN_MS;
    const index = again ? (this.#last.index + 1) % letters.length : 0;
    this.#last = { key, index, at: now };
    return (again ? text.slice(0, -1) : text) + letters[index];
  }

  /** Return `text` after `key` was held: its digit, among letters. `#` changes the mode. */
  hold(text, key) {
    this.settle();
    if (key === "#") {
      this.shift();
      return text;
    }
    return text + key;
  }

  /** Go on from digits to letters, to capitals, and to digits again. */
  shift() {
    this.settle();
    this.mode = MODES[(MODES.indexOf(this.mode) + 1) % MODES.length];
  }

  /** Go back to digits, which menus ask for. */
  reset() {
    this.settle();
    this.mode = MODES[0];
  }

  /** Keep the last letter: the next press begins a new one. */
  settle() {
    this.#last = null;
  }

  /** Return the letters before, at and after the one that the next press would change; null if there is none. */
  choice(now) {
    if (!this.#last || now - this.#last.at >= AGAIN_MS) return null;
    const letters = this.#letters(this.#last.key);
    const { index } = this.#last;
    return [letters.slice(0, index), letters[index], letters.slice(index + 1)];
  }

  #letters(key) {
    return this.mode === "ABC" ? LETTERS[key].toUpperCase() : LETTERS[key];
  }
}
