// The video player: goes on where the person was, notes which seconds were really played, and keeps both.
import { send } from './http.js';

const video = document.getElementById('video');
const state = document.getElementById('video-state');
const bar = document.getElementById('video-progress');
const figure = document.getElementById('video-percent');
const say = (key) => { state.textContent = video.dataset[key]; };

let done = video.dataset.done === 'true';
let stretches = []; // played and not yet kept
let from = null; // where the running stretch began
let last = 0;
let sending = false;

video.addEventListener('loadedmetadata', () => {
  const wished = Number(/^#t=(\d+)$/.exec(location.hash)?.[1] ?? NaN); // what was found in the captions
  if (wished < video.duration) {
    video.currentTime = wished;
    return;
  }
  const at = Number(video.dataset.position);
  if (!done && at > 3 && at < video.duration - 5) {
    video.currentTime = at;
    say('resumed');
  }
}, { once: true });
if (video.readyState >= 1) video.dispatchEvent(new Event('loadedmetadata'));

const close = () => {
  if (from !== null && last > from) stretches.push([from, last]);
  from = null;
};

video.addEventListener('timeupdate', () => {
  const now = video.currentTime;
  // Between two updates a browser lets at most some 250 ms pass; a larger step is a jump.
  const jumped = Math.abs(now - last) > 1.5 * Math.max(1, video.playbackRate) || now < last;
  if (video.seeking || video.paused || jumped) close();
  if (!video.paused && !video.seeking && from === null) from = now;
  last = now;
});
video.addEventListener('seeking', close);
const open = () => {
  last = video.currentTime;
  if (from === null && !video.paused && !video.seeking) from = last;
};
video.addEventListener('playing', open);
video.addEventListener('seeked', open);
video.addEventListener('pause', () => { last = video.currentTime; keep(); });
video.addEventListener('ended', () => { last = video.duration; keep(); });
document.addEventListener('visibilitychange', () => { if (document.hidden) keep(true); });
setInterval(() => { if (!video.paused || stretches.length) keep(); }, 10_000);

async function keep(leaving = false) {
  const running = from !== null && !video.paused && !video.ended;
  close();
  if (running) from = last;
  if (sending || (!stretches.length && !leaving)) return;
  const batch = stretches;
  stretches = [];
  sending = true;
  if (!done) say('saving');
  try {
    const answer = await send(video.dataset.watch, {
      headers: { 'Content-Type': 'application/json' }, keepalive: leaving,
      body: JSON.stringify({ position: Math.min(last, video.duration || last), played: batch, duration: video.duration || 0 }),
    });
    show(await answer.json());
  } catch (failure) {
    stretches = batch.concat(stretches); // told again with the next report
    if (!done) say(failure.status === 409 ? 'saving' : 'offline');
  } finally {
    sending = false;
  }
}

function show({ percent, completed }) {
  if (typeof percent === 'number') {
    bar.value = percent;
    figure.textContent = figure.textContent.replace(/\d+/, String(percent));
  }
  if (completed && !done) {
    done = true;
    document.getElementById('next')?.classList.add('primary', 'big');
  }
  say(done ? 'completed' : 'saved');
}
