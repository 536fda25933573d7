// What a lesson reports of seeing and playing it. A report is kept in this browser until the server has it: through a lost
// connection, a closed tab, a restart. The id that it gets here lets the server count it once, however often it comes.
import { csrf, send } from './http.js';

const FOR = 7 * 24 * 3600 * 1000; // as long as the server takes late reports
const MOST = 200; // in one message

const read = (key) => {
  try { return JSON.parse(localStorage.getItem(key)) ?? null; } catch { return null; }
};
const write = (key, box) => {
  try {
    if (box.list.length) localStorage.setItem(key, JSON.stringify(box)); else localStorage.removeItem(key);
  } catch { /* no storage, or full: what is in memory goes on its way all the same */ }
};

export const newId = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))]
  .map((b, i) => (i === 6 ? (b & 15) | 64 : i === 8 ? (b & 63) | 128 : b).toString(16).padStart(2, '0')).join('')
  .replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');

/** a report as it is sent: what was seen is told in seconds ago, so that this device's clock need not be right. */
const worded = (r, now) => ({
  id: r.id, position: r.position, played: r.played,
  seen: r.seen.map(([from, to]) => [Math.max(0, now - from) / 1000, Math.max(0, now - to) / 1000]),
});

export class Reports {
  constructor({ person, enrolment, lesson, url, told }) {
    this.prefix = `lyceum.reports.${person}.`;
    this.key = `${this.prefix}${enrolment}.${lesson}`;
    this.box = { url, enrolment, list: [] };
    this.told = told;
    this.sending = null;
    const kept = read(this.key);
    if (kept) this.box.list = kept.list.filter((r) => Date.now() - r.at < FOR);
  }

  add(report) {
    const r = { id: newId(), at: Date.now(), tries: 0, ...report };
    const kept = read(this.key); // another tab of the same lesson may have written
    const known = new Set(this.box.list.map((one) => one.id));
    this.box.list.push(...(kept?.list ?? []).filter((one) => !known.has(one.id) && !this.gone?.has(one.id)), r);
    this.box.list.sort((a, b) => a.at - b.at);
    write(this.key, this.box);
  }

  /** sends what waits; one message at a time. */
  flush({ leaving = false } = {}) {
    if (leaving) return this.leave();
    this.sending ??= this.#send(this.key, this.box).finally(() => { this.sending = null; });
    return this.sending;
  }

  async #send(key, box, own = true) {
    while (box.list.length) {
      const batch = box.list.slice(0, MOST);
      const done = await this.#post(box, batch, own);
      if (!done) return false;
      this.gone ??= new Set();
      for (const r of done) this.gone.add(r.id);
      const kept = read(key);
      box.list = (kept?.list ?? box.list).filter((r) => !this.gone.has(r.id));
      write(key, box);
    }
    return true;
  }

  /** gives the reports that are done with, null when they must wait. */
  async #post(box, batch, own) {
    try {
      const answer = await send(box.url, {
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ enrolment: box.enrolment, reports: batch.map((r) => worded(r, Date.now())) }),
      });
      const now = await answer.json();
      if (own) this.told(now);
      return batch;
    } catch (failure) {
      const refused = [400, 409, 422].includes(failure.status);
      if (!refused) {
        if (own) this.told({ offline: true });
        return null;
      }
      if (batch.length === 1) { // one that is wrong must not hold up the others
        batch[0].tries += 1;
        return failure.status !== 409 || batch[0].tries > 2 ? batch : null;
      }
      const done = [];
      for (const r of batch) {
        const one = await this.#post(box, [r], own);
        if (one) done.push(...one);
      }
      return done.length ? done : null;
    }
  }

  /** on the way out: the browser sends this after the page is gone. It stays kept until an answer is seen. */
  leave() {
    if (!this.box.list.length) return;
    const form = new URLSearchParams({
      csrf: csrf(), enrolment: this.box.enrolment, reports: JSON.stringify(this.box.list.slice(-MOST).map((r) => worded(r, Date.now()))),
    });
    navigator.sendBeacon(this.box.url, form);
  }

  /** sends what other lessons of this person left here. */
  async others() {
    for (let i = localStorage.length - 1; i >= 0; i -= 1) {
      const key = localStorage.key(i);
      if (!key?.startsWith(this.prefix) || key === this.key) continue;
      const box = read(key);
      if (!box) continue;
      box.list = box.list.filter((r) => Date.now() - r.at < FOR);
      write(key, box);
      if (!await this.#send(key, box, false)) return;
    }
  }
}
