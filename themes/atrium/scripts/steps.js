// Undo and redo of a text area that also know what the toolbar did, and what was done before the page was loaded again.

const MOST = 80;
const LETTERS = 600_000; // of all steps together

export class Steps {
  /** area is the text area; key is under what the steps are kept; changed() is called after each step. */
  constructor(area, key, changed) {
    this.area = area;
    this.key = `${key}:steps`;
    this.changed = changed;
    const kept = this.read();
    // The server trims what it keeps; a text that someone else changed meanwhile is no step of this one.
    const same = kept?.all?.[kept.at]?.value.trim() === area.value.trim();
    this.all = same ? kept.all : [this.now()];
    this.at = same ? kept.at : 0;
    if (same) this.all[this.at] = { ...this.all[this.at], value: area.value };
    this.typed = 0;
    area.addEventListener('input', () => this.note());
  }

  now() { return { value: this.area.value, start: this.area.selectionStart, end: this.area.selectionEnd }; }

  /** takes what was typed up as a step; typing on without a pause is one. */
  note() {
    const now = this.now();
    const pause = Date.now() - this.typed > 800;
    this.typed = Date.now();
    const last = this.all[this.at];
    if (last.value === now.value) return;
    const word = /\s$/.test(now.value.slice(0, now.start)) !== /\s$/.test(last.value.slice(0, last.start));
    this.all.length = this.at + 1;
    if (pause || word || this.at === 0 || Math.abs(now.value.length - last.value.length) > 1) this.all.push(now);
    else this.all[this.at] = now;
    this.at = this.all.length - 1;
    this.bound();
    this.changed();
  }

  /** puts a state into the text area as a step of its own. */
  put(next) {
    if (!next) return;
    this.note();
    this.show(next);
    this.typed = 0;
    this.note();
  }

  go(by) {
    this.note();
    const to = this.at + by;
    if (to < 0 || to >= this.all.length) return;
    this.at = to;
    this.typed = 0;
    this.show(this.all[to]);
    this.keep();
    this.changed();
  }

  show(state) {
    this.area.value = state.value;
    this.area.setSelectionRange(state.start, state.end);
    this.area.dispatchEvent(new Event('written', { bubbles: true }));
  }

  get back() { return this.at > 0; }

  get forth() { return this.at < this.all.length - 1; }

  bound() {
    let letters = this.all.reduce((sum, s) => sum + s.value.length, 0);
    while (this.all.length > 2 && (this.all.length > MOST || letters > LETTERS)) {
      letters -= this.all.shift().value.length;
      this.at -= 1;
    }
    this.keep();
  }

  read() {
    try { return JSON.parse(sessionStorage.getItem(this.key)); } catch { return null; }
  }

  keep() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), 300);
  }

  write() {
    try { sessionStorage.setItem(this.key, JSON.stringify({ all: this.all, at: this.at })); } catch { /* no room: the steps last as long as the page */ }
  }
}
