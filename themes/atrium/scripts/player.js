// The player: tells the server what was in front of the learner and which seconds were really played, goes on where they
// were on any device, and remembers how they like to watch.
import { Reports } from './reports.js';
import { recording } from './recording.js';

const EVERY = 15_000; // between two reports
const STALL = 5_000; // a longer silence was sleep, not learning

const lesson = document.getElementById('lesson');
const { dataset } = lesson;
const next = document.getElementById('next');
const going = document.getElementById('continue');
const bar = document.getElementById('seen');
const left = document.getElementById('seen-state');

let done = dataset.done === 'true';
let need = Number(dataset.left); // seconds still to be looked at
let from = null; // when the running stretch of seeing began
let last = null; // when it was last confirmed
let seen = []; // stretches not yet reported

const player = recording({ done, onChange: () => tick(), onStop: () => report() });
const reports = new Reports({ person: dataset.person, enrolment: dataset.enrolment, lesson: dataset.lesson, url: dataset.reports, told: show });

const active = () => document.visibilityState === 'visible' || player?.playing();

function close() {
  if (from !== null && last > from) seen.push([from, last]);
  from = null;
}

/** once a second, and whenever something changes: is the lesson in front of somebody? */
function tick() {
  const now = Date.now();
  if (from !== null && (now - last > STALL || now < last)) close();
  if (active()) {
    if (from === null) from = now;
    last = now;
  } else {
    if (from !== null && document.visibilityState !== 'visible' && now - last < STALL) last = now;
    close();
  }
  count();
}

/** shows how long is left of a lesson that must be looked at for a while. */
function count() {
  if (!left || done) return;
  const waiting = seen.reduce((sum, [a, b]) => sum + b - a, 0) + (from === null ? 0 : last - from);
  const queued = reports.box.list.reduce((sum, r) => sum + r.seen.reduce((s, [a, b]) => s + b - a, 0), 0);
  const rest = Math.max(0, Math.ceil(need - (waiting + queued) / 1000));
  if (bar) bar.value = bar.max - rest;
  const text = rest ? dataset.sayLeft.replace('#', `${Math.floor(rest / 60)}:${String(rest % 60).padStart(2, '0')}`) : dataset.sayEnough;
  if (left.textContent !== text && (rest === 0 || rest % 5 === 0 || !left.dataset.told)) {
    left.textContent = text;
    left.dataset.told = '1';
  }
  going?.querySelector('button')?.setAttribute('aria-disabled', String(rest > 0));
}

function report({ leaving = false } = {}) {
  tick();
  const running = from !== null;
  const until = last;
  close();
  if (running) from = until;
  const news = player?.news() ?? { played: [], position: undefined };
  if (counts() && (seen.length || news.played.length || news.moved)) {
    reports.add({ seen, played: news.played, position: news.position });
    seen = [];
    if (!done) player?.say('saving');
  } else if (!counts()) seen = [];
  return reports.flush({ leaving });
}

/** a lesson that is completed and has no recording has nothing to report any more. */
const counts = () => Boolean(player) || !done;

function show({ offline, percent, completed, left: rest }) {
  if (offline) {
    if (!done || player) player?.say('', dataset.sayOffline);
    if (left && !done) left.textContent = dataset.sayOffline;
    return;
  }
  if (typeof rest === 'number') need = rest;
  if (completed && !done) {
    done = true;
    next?.classList.add('primary', 'big');
    document.querySelector('.step.here')?.classList.add('completed');
  }
  player?.show(percent, done);
  count();
}

document.addEventListener('visibilitychange', () => {
  tick();
  if (document.visibilityState !== 'visible') report();
});
addEventListener('pagehide', () => report({ leaving: true }));
addEventListener('pageshow', (e) => { if (e.persisted) { from = null; tick(); reports.flush(); } });
addEventListener('online', () => reports.flush());
going?.addEventListener('submit', async (e) => {
  if (!reports.box.list.length && !seen.length && from === null || going.dataset.ready) return;
  e.preventDefault();
  await report();
  going.dataset.ready = '1';
  going.submit();
});

setInterval(tick, 1000);
setInterval(() => { if (from !== null || reports.box.list.length) report(); }, EVERY);
tick();
reports.flush().then(() => reports.others());
// A lesson to be looked at for a short while is reported as soon as it was.
if (need > 0 && need * 1000 < EVERY) setTimeout(report, need * 1000 + 300);

// A long outline opens at the lesson shown.
document.querySelector('.player-side .step.here')?.scrollIntoView({ block: 'nearest' });
