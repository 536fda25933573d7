// Saves a lesson while somebody writes, a few seconds after they stop, on the lesson's own revision. What is not saved yet
// is kept in the browser: a lost connection or a closed tab loses nothing.
import { send } from './http.js';

const EVERY = 1500; // how often the form is looked at
const PATIENCE = 20_000; // who never stops is saved all the same
const LEFT_OUT = new Set(['csrf', 'revision', 'mine', 'mine_revision', 'picture', 'picture_alt', 'do']);

export class Autosave {
  constructor(form) {
    this.form = form;
    this.key = form.dataset.key;
    this.revision = form.elements.revision;
    this.state = document.getElementById('saving');
    this.overtaken = document.getElementById('overtaken');
    this.saved = 'unsaved' in form.dataset ? null : this.text();
    this.before = this.text();
    this.since = 0;
    this.failures = 0;
    this.busy = false;
    this.off = false;
  }

  /** is every field as the form would send it. */
  fields() {
    const out = {};
    for (const [name, value] of new FormData(this.form)) {
      if (typeof value === 'string' && !LEFT_OUT.has(name) && !name.startsWith('_')) out[name] = value.replace(/\r\n/g, '\n');
    }
    return out;
  }

  text() { return JSON.stringify(this.fields()); }

  get dirty() { return this.text() !== this.saved; }

  start() {
    const kept = this.kept();
    if (kept && !('merging' in this.form.dataset)) {
      if (JSON.stringify(kept.fields) === this.text() && this.saved !== null) this.forget();
      else if (JSON.stringify(kept.fields) !== this.text()) this.offer(kept);
    }
    setInterval(() => this.look(), EVERY);
    addEventListener('online', () => { this.next = 0; this.look(true); });
    addEventListener('pagehide', () => { if (this.dirty && !this.leaving) this.keep(); });
    document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') this.look(true); });
    this.form.addEventListener('submit', () => { this.leaving = true; this.keep(); });
    if ('merging' in this.form.dataset) this.off = true; // what both wrote is saved by the button, when it has been looked at
  }

  /** looks whether there is something to save, and saves it when nobody types or it has waited long enough. */
  look(now = false) {
    const text = this.text();
    if (text === this.saved) { this.before = text; this.since = 0; return; }
    if (text !== this.before || !this.since) this.keep();
    this.since ||= Date.now();
    const rests = text === this.before;
    this.before = text;
    if (this.off) return;
    if (!this.busy && (now || ((rests || Date.now() - this.since > PATIENCE) && Date.now() >= (this.next ?? 0)))) this.save(text);
    else if (!this.busy && !this.failures) this.say('unsaved');
  }

  async save(text) {
    this.busy = true;
    this.say('saving');
    const body = JSON.stringify({ revision: Number(this.revision.value), fields: JSON.parse(text) });
    try {
      const answer = await send(`${this.form.getAttribute('action')}/autosave`, {
        body, headers: { 'Content-Type': 'application/json' }, keepalive: body.length < 60_000,
      });
      const got = await answer.json();
      this.revision.value = got.revision;
      this.saved = text;
      this.since = 0;
      this.failures = 0;
      if (this.text() === text) this.forget();
      const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: 'short' }).format(new Date(got.saved_at));
      this.say('saved', got.notes?.[0] ?? '', time);
    } catch (failure) {
      this.failed(failure);
    } finally {
      this.busy = false;
    }
  }

  failed(failure) {
    this.failures += 1;
    this.next = Date.now() + Math.min(60_000, 2000 * 2 ** this.failures);
    const { status, problem } = failure;
    if (status === 409) {
      this.off = true;
      const words = this.overtaken.querySelector('p');
      words.textContent = words.dataset.say.replace('{name}', problem?.current?.name || '…');
      this.overtaken.hidden = false;
      this.say('unsaved');
    } else if (status === 401 || status === 403) this.say('signedOut');
    else if (status === 422 || status === 413) this.say('refused', problem?.errors?.map((e) => e.message).join(' ') || problem?.detail || '');
    else this.say('offline');
  }

  say(what, more = '', time = '') {
    const key = `say${what[0].toUpperCase()}${what.slice(1)}`;
    const words = `${this.state.dataset[key].replace('{time}', time)} ${more}`.trim();
    this.state.hidden = false;
    this.state.classList.toggle('bad', ['offline', 'refused', 'signedOut'].includes(what) || more !== '');
    if (this.state.textContent !== words) this.state.textContent = words;
  }

  kept() {
    try { return JSON.parse(localStorage.getItem(this.key)); } catch { return null; }
  }

  keep() {
    try {
      localStorage.setItem(this.key, JSON.stringify({ at: Date.now(), revision: this.revision.value, fields: this.fields() }));
    } catch { this.homeless = true; /* no room in this browser: leaving asks */ }
  }

  forget() { localStorage.removeItem(this.key); }

  /** offers what an earlier visit did not save. Showing it goes through the server, which draws the form with it. */
  offer(kept) {
    const box = document.getElementById('kept');
    box.querySelector('#kept-when').textContent = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(kept.at));
    box.hidden = false;
    this.off = true;
    const go = () => { box.hidden = true; this.off = false; };
    box.querySelector('#kept-drop').addEventListener('click', () => { this.forget(); go(); });
    box.querySelector('#kept-take').addEventListener('click', () => {
      const form = document.createElement('form');
      form.method = 'post';
      form.action = this.form.getAttribute('action');
      form.enctype = 'multipart/form-data';
      form.hidden = true;
      const add = (name, value) => {
        const field = document.createElement('textarea');
        field.name = name;
        field.value = value;
        form.append(field);
      };
      for (const [name, value] of Object.entries(kept.fields)) add(name, value);
      add('revision', kept.revision);
      add('do', 'preview');
      for (const field of this.form.querySelectorAll('input[name^="_"], input[name="csrf"]')) add(field.name, field.value);
      document.body.append(form);
      this.leaving = true;
      form.submit();
    });
  }
}
