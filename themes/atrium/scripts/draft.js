// Saves what a learner writes for an assignment, a moment after they stop. What is not saved yet is kept in the browser, so a
// lost connection, a closed tab and a server that is away lose nothing.
import { send, settle } from './http.js';

const form = document.getElementById('hand-in');
const text = form.elements.text;
const state = document.getElementById('draft-state');
const words = document.getElementById('draft-words');
const revision = form.elements.revision;
const key = `draft:${form.dataset.draft}`;
const say = form.dataset;
const files = () => [...form.querySelectorAll('input[name=keep]')].map((kept) => kept.value);

if (text) {
  let saved = text.value;
  let busy = false;
  let off = false;
  let failures = 0;

  const count = () => {
    const n = text.value.split(/\s+/u).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
    words.textContent = say.sayWords.replace('#', n);
  };
  const keep = () => { try { localStorage.setItem(key, JSON.stringify({ text: text.value, revision: revision.value })); } catch { /* a full or closed store keeps nothing */ } };
  const forget = () => { try { localStorage.removeItem(key); } catch { /* as above */ } };

  const save = async () => {
    if (busy || off || text.value === saved) return;
    busy = true;
    const sent = text.value;
    state.textContent = say.saySaving;
    try {
      const body = JSON.stringify({ revision: Number(revision.value), text: sent, files: files() });
      const answer = await send(form.dataset.draft, { body, headers: { 'Content-Type': 'application/json' }, keepalive: body.length < 60_000 });
      const got = await answer.json();
      revision.value = got.revision;
      saved = sent;
      failures = 0;
      if (text.value === sent) forget();
      const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: 'short' }).format(new Date(got.saved_at));
      state.textContent = say.saySaved.replace('#', time);
    } catch (failure) {
      if (failure.status === 409) {
        off = true;
        state.textContent = say.sayOvertaken;
      } else {
        state.textContent = failure.problem?.errors?.[0]?.message ?? say.sayWaits;
        failures += 1;
        setTimeout(save, Math.min(30_000, 1000 * 2 ** failures));
      }
    }
    busy = false;
    if (!off && !failures && text.value !== saved) later();
  };
  const later = settle(save, 1500);

  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? 'null');
    if (kept && kept.text !== text.value && kept.revision === revision.value) {
      text.value = kept.text;
      later();
    } else forget();
  } catch { forget(); }
  count();
  text.addEventListener('input', () => { count(); keep(); later(); });
  addEventListener('online', save);
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') save(); });
  form.addEventListener('submit', () => { off = true; forget(); });
}
