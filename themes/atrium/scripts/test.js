// Takes a test: each answer is sent as it is given, and kept in the browser until the server says it has it. A lost
// connection, a reload, a second tab and a server that is away lose nothing. Without this script the form does the same.
import { send, settle } from './http.js';

const form = document.getElementById('test');
const say = form.dataset;
const state = document.getElementById('test-state');
const aloud = document.getElementById('test-say');
const url = `${say.test}/answers`;
const key = `test:${say.attempt}`;
const offset = Number(say.now) - Date.now(); // the server's clock against ours
const now = () => Date.now() + offset;
const items = new Map([...form.querySelectorAll('[data-slot]')].map((el) => [Number(el.dataset.slot), el]));
const others = 'BroadcastChannel' in window ? new BroadcastChannel(key) : null;

// What the server does not have yet, by slot.
let queue = {};
const keep = () => { try { localStorage.setItem(key, JSON.stringify(queue)); } catch { /* a full or closed store keeps nothing */ } };
try { queue = JSON.parse(localStorage.getItem(key) ?? '{}') ?? {}; } catch { queue = {}; }

const named = (el, field) => [...el.querySelectorAll(`[name="a.${el.dataset.slot}.${field}"]`)];

function read(el) {
  const answer = {};
  const one = (field) => named(el, field)[0];
  switch (el.dataset.kind) {
    case 'ordering': {
      const items = named(el, 'item').map((i) => i.value);
      answer.choices = named(el, 'place').map((s, i) => [Number(s.value), items[i]]).filter(([n]) => n > 0).sort(([a], [b]) => a - b).map(([, id]) => id);
      break;
    }
    case 'matching': case 'blanks':
      answer.parts = {};
      for (const input of el.querySelectorAll('[name*=".part."]')) if (input.value) answer.parts[input.name.split('.part.')[1]] = input.value;
      break;
    case 'hot_spot':
      answer.points = named(el, 'point').map((p) => { const [x, y] = p.value.split(',').map(Number); return { x, y }; });
      // falls through: who does not point chooses by name
    case 'single': case 'multiple': case 'true_false':
      answer.choices = named(el, 'choice').filter((c) => c.checked).map((c) => c.value);
      break;
    case 'file':
      answer.files = named(el, 'keep').map((k) => k.value);
      break;
    default:
      answer.text = one('text')?.value ?? '';
      if (one('unit')?.value) answer.unit = one('unit').value;
  }
  return answer;
}

function write(el, answer, flagged) {
  const flag = named(el, 'flag')[0];
  if (flag) flag.checked = Boolean(flagged);
  switch (el.dataset.kind) {
    case 'ordering': {
      const items = named(el, 'item').map((i) => i.value);
      named(el, 'place').forEach((s, i) => { const at = (answer.choices ?? []).indexOf(items[i]); s.value = at < 0 ? '' : String(at + 1); });
      break;
    }
    case 'matching': case 'blanks':
      for (const input of el.querySelectorAll('[name*=".part."]')) input.value = answer.parts?.[input.name.split('.part.')[1]] ?? '';
      break;
    case 'hot_spot':
      point(el, (answer.points ?? []).map((p) => `${p.x},${p.y}`));
      // falls through
    case 'single': case 'multiple': case 'true_false':
      for (const c of named(el, 'choice')) c.checked = (answer.choices ?? []).includes(c.value);
      break;
    case 'file': break;
    default: {
      const text = named(el, 'text')[0];
      if (text) text.value = answer.text ?? '';
      const unit = named(el, 'unit')[0];
      if (unit) unit.value = answer.unit ?? '';
    }
  }
}

// Pointing at a picture: places are ten-thousandths of its width and height, kept in hidden fields and drawn as marks. Pointing
// at a mark takes it away; who points does not choose by name too.
function point(el, places) {
  const spot = el.querySelector('[data-spot]');
  for (const old of named(el, 'point')) old.remove();
  for (const mark of spot?.querySelectorAll('.spot-mark') ?? []) mark.remove();
  for (const value of places) {
    const hidden = document.createElement('input');
    Object.assign(hidden, { type: 'hidden', name: `a.${el.dataset.slot}.point`, value });
    el.append(hidden);
    const [x, y] = value.split(',').map(Number);
    const mark = document.createElement('span');
    mark.className = 'spot-mark';
    mark.style.setProperty('--x', `${x / 100}%`);
    mark.style.setProperty('--y', `${y / 100}%`);
    spot?.append(mark);
  }
}

for (const spot of form.querySelectorAll('[data-spot]')) {
  const el = spot.closest('[data-slot]');
  const names = el.querySelector('.spot-names');
  const places = () => named(el, 'point').map((p) => p.value);
  point(el, places());
  if (names && !names.querySelector(':checked')) names.open = false;
  spot.addEventListener('click', (event) => {
    const box = spot.getBoundingClientRect();
    const x = Math.round(10_000 * Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
    const y = Math.round(10_000 * Math.min(1, Math.max(0, (event.clientY - box.top) / box.height)));
    const near = (value) => { const [a, b] = value.split(',').map(Number); return Math.hypot((a - x) * box.width, (b - y) * box.height) < 10_000 * 14; };
    const now = places();
    const hit = now.findIndex(near);
    if (hit >= 0) now.splice(hit, 1); else now.push(`${x},${y}`);
    for (const c of named(el, 'choice')) c.checked = false;
    point(el, now.slice(-Number(spot.dataset.spot || 1)));
    note(el);
    flush();
  });
  names?.addEventListener('change', () => { point(el, []); note(el); });
}

const answered = (a) => Boolean(a.text?.trim() || a.choices?.length || a.points?.length || a.files?.length || Object.keys(a.parts ?? {}).length);

function show(el) {
  const link = form.querySelector(`[data-of="${el.dataset.slot}"]`);
  if (!link || 'closed' in el.dataset) return;
  const done = answered(read(el));
  const flagged = named(el, 'flag')[0]?.checked ?? false;
  link.className = `${done ? 'answered' : 'open'}${flagged ? ' flagged' : ''}`;
  link.querySelector('.state').textContent = (done ? say.sayAnswered : say.sayOpen) + (flagged ? `, ${say.sayFlagged}` : '');
}

const sequenceOf = (el) => Number(el.dataset.sequence);
function sequence(el, n) {
  el.dataset.sequence = n;
  const hidden = named(el, 'seq')[0];
  if (hidden) hidden.value = n;
}

function note(el) {
  if ('closed' in el.dataset) return;
  const next = Math.max(sequenceOf(el) + 1, queue[el.dataset.slot]?.sequence + 1 || 0, Math.round(now()));
  queue[el.dataset.slot] = { sequence: next, answer: read(el), flagged: named(el, 'flag')[0]?.checked ?? false };
  keep();
  show(el);
}

let busy = null;
let failures = 0;
let over = false;

async function flush() {
  if (busy) return busy;
  busy = (async () => {
    while (!over) {
      const slot = Object.keys(queue)[0];
      if (slot === undefined) break;
      const sent = queue[slot];
      const el = items.get(Number(slot));
      if (!el) { delete queue[slot]; keep(); continue; }
      state.textContent = say.saySaving;
      try {
        const answer = await send(url, { body: JSON.stringify({ slot: Number(slot), ...sent }), headers: { 'Content-Type': 'application/json' }, keepalive: true });
        const got = await answer.json();
        failures = 0;
        if (queue[slot]?.sequence === sent.sequence) delete queue[slot];
        keep();
        sequence(el, got.sequence);
        if (got.stale && !queue[slot]) { write(el, got.answer, got.flagged); show(el); aloud.textContent = say.sayNewer; }
        others?.postMessage({ slot: Number(slot), sequence: got.sequence, answer: got.answer, flagged: got.flagged });
        state.textContent = say.saySaved;
      } catch (failure) {
        if (failure.status === 409 || failure.status === 404 || failure.status === 410) { // ended, or this section is over
          delete queue[slot];
          keep();
          if (failure.problem?.code !== 'test_answer_looked_at') { over = true; location.reload(); }
          continue;
        }
        if (failure.status === 422) { // what cannot be kept as it is
          state.textContent = failure.problem?.errors?.[0]?.message ?? failure.problem?.detail ?? say.sayWaits;
          delete queue[slot];
          keep();
          continue;
        }
        state.textContent = say.sayWaits;
        failures += 1;
        setTimeout(flush, Math.min(20_000, 500 * 2 ** failures));
        break;
      }
    }
  })();
  await busy;
  busy = null;
  return undefined;
}

const typing = settle(flush, 600);
form.addEventListener('input', (event) => {
  const el = event.target.closest('[data-slot]');
  if (!el || event.target.type === 'file' || event.target.name?.endsWith('.drop')) return;
  note(el);
  if (event.target.matches('textarea, input:not([type=radio], [type=checkbox])')) typing(); else flush();
});
form.addEventListener('click', (event) => {
  const clear = event.target.closest('[data-clear]');
  if (!clear) return;
  const el = clear.closest('[data-slot]');
  for (const c of named(el, 'choice')) c.checked = false;
  note(el);
  flush();
});
for (const clear of form.querySelectorAll('[data-clear]')) clear.hidden = false;

addEventListener('online', flush);
document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') flush(); });

// What another tab saved is shown here too.
others?.addEventListener('message', ({ data }) => {
  const el = items.get(data.slot);
  if (!el || data.sequence <= sequenceOf(el) || queue[data.slot]) return;
  sequence(el, data.sequence);
  write(el, data.answer, data.flagged);
  show(el);
});

// What this browser kept and the server never got is put back and sent again.
for (const [slot, kept] of Object.entries(queue)) {
  const el = items.get(Number(slot));
  if (el && kept.sequence > sequenceOf(el) && !('closed' in el.dataset)) { write(el, kept.answer, kept.flagged); show(el); } else { delete queue[slot]; }
}
keep();
flush();

// Handing in waits for what is on its way.
let leaving = false;
form.addEventListener('submit', async (event) => {
  if (leaving || Object.keys(queue).length === 0) return;
  event.preventDefault();
  const button = event.submitter;
  await flush();
  leaving = true; // pressed again, it goes all the same: the form carries the answers too
  if (Object.keys(queue).length > 0) return;
  if (button) form.requestSubmit(button); else form.requestSubmit();
});

// The clock is the server's.
if (say.ends) {
  const clock = document.getElementById('test-clock');
  const ends = Number(say.ends);
  const told = new Set();
  const tell = (name, text) => { if (!told.has(name)) { told.add(name); aloud.textContent = text; } };
  const left = () => Math.max(0, Math.ceil((ends - now()) / 1000));
  if (left() <= 300) told.add(5);
  if (left() <= 60) told.add(1);
  const tick = () => {
    const s = left();
    const h = Math.floor(s / 3600);
    const m = Math.floor(s / 60) % 60;
    clock.textContent = `${h ? `${h}:${String(m).padStart(2, '0')}` : m}:${String(s % 60).padStart(2, '0')}`;
    clock.parentElement.classList.toggle('near', s <= 60);
    if (s <= 60) tell(1, say.sayOne); else if (s <= 300) tell(5, say.sayFive);
    if (s > 0 || over) return;
    clearInterval(timer);
    tell(0, say.sayOver);
    flush().finally(() => setTimeout(() => { over = true; location.reload(); }, 6000));
  };
  const timer = setInterval(tick, 500);
  tick();
}
