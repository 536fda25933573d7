// A film or a sound: which of its seconds were really played, where to go on, speed, captions, and what is kept from
// being skipped.
const prefer = (name, value) => {
  try {
    if (value === undefined) return localStorage.getItem(`lyceum.${name}`);
    localStorage.setItem(`lyceum.${name}`, value);
  } catch { /* no storage: nothing is remembered */ }
  return null;
};

/** null when the lesson has no recording. */
export function recording({ done, onChange, onStop }) {
  const media = document.getElementById('recording');
  if (!media) return null;
  const { dataset } = media;
  const state = document.getElementById('video-state');
  const bar = document.getElementById('video-progress');
  const figure = document.getElementById('video-percent');
  const say = (key, text) => { state.textContent = text ?? dataset[key]; };

  let noSkip = dataset.noSkip === 'true' && !done;
  let frontier = JSON.parse(dataset.played)[0]?.[1] ?? 0; // as far as was played on from the beginning
  let stretches = []; // played and not yet reported
  let from = null; // where the running stretch began
  let last = 0;
  let told = Number(dataset.position);

  const ready = () => {
    const wished = Number(/^#t=(\d+)$/.exec(location.hash)?.[1] ?? NaN); // what was found in the captions
    if (wished < media.duration) {
      media.currentTime = noSkip ? Math.min(wished, frontier) : wished;
      return;
    }
    if (!done && told > 3 && told < media.duration - 5) {
      media.currentTime = noSkip ? Math.min(told, frontier) : told;
      say('resumed');
    }
  };
  if (media.readyState >= 1) ready(); else media.addEventListener('loadedmetadata', ready, { once: true });

  const close = () => {
    if (from !== null && last > from) stretches.push([from, last]);
    from = null;
  };
  const open = () => {
    last = media.currentTime;
    if (from === null && !media.paused && !media.seeking) from = last;
  };
  media.addEventListener('timeupdate', () => {
    const now = media.currentTime;
    // Between two updates a browser lets at most some 250 ms pass; a larger step is a jump.
    const jumped = now - last > 1.5 * Math.max(1, media.playbackRate) || now < last;
    if (media.seeking || media.paused || jumped) close();
    if (!media.paused && !media.seeking && from === null) from = now;
    last = now;
    if (!media.seeking && !jumped && now <= frontier + 2) frontier = Math.max(frontier, now);
    onChange();
  });
  media.addEventListener('seeking', () => {
    close();
    if (noSkip && media.currentTime > frontier + 1) {
      media.currentTime = frontier;
      say('skipped');
    }
  });
  for (const type of ['playing', 'seeked']) media.addEventListener(type, () => { open(); onChange(); });
  media.addEventListener('pause', () => { last = media.currentTime; onStop(); });
  media.addEventListener('ended', () => { last = media.duration; onStop(); });

  choices(media);
  return {
    say,
    playing: () => !media.paused && !media.ended && media.readyState > 2,
    /** what was played since the last call, and where it stands. */
    news() {
      const running = from !== null && !media.paused && !media.ended;
      close();
      if (running) from = last;
      const played = stretches;
      stretches = [];
      const position = Math.min(last || told, media.duration || last || told);
      const moved = played.length > 0 || Math.abs(position - told) > 1;
      told = position;
      return { played, position, moved };
    },
    show(percent, completed) {
      if (typeof percent === 'number' && bar) {
        bar.value = percent;
        figure.textContent = figure.textContent.replace(/\d+/, String(percent));
      }
      if (completed) {
        noSkip = false;
        done = true;
      }
      say(completed ? 'completed' : 'saved');
    },
  };
}

/** speed and captions as the person likes them. */
function choices(media) {
  const speed = document.getElementById('speed');
  document.getElementById('speed-field').hidden = false;
  const liked = prefer('speed');
  if (liked && [...speed.options].some((o) => o.value === liked)) speed.value = liked;
  const set = () => { media.defaultPlaybackRate = media.playbackRate = Number(speed.value); };
  set();
  speed.addEventListener('change', () => { set(); prefer('speed', speed.value); });
  media.addEventListener('ratechange', () => { // the browser's own menu
    if (media.playbackRate > 2) media.playbackRate = 2; // more would not be counted
    const value = String(media.playbackRate);
    if ([...speed.options].some((o) => o.value === value)) speed.value = value;
  });

  const [track] = media.textTracks;
  if (!track) return;
  const cue = document.getElementById('cue');
  if (cue) { // a sound shows no captions by itself
    track.mode = 'hidden';
    track.addEventListener('cuechange', () => {
      cue.textContent = [...(track.activeCues ?? [])].map((c) => c.text.replace(/<[^>]*>/g, '')).join(' ');
      cue.hidden = !cue.textContent;
    });
    return;
  }
  if (prefer('captions') === 'off') track.mode = 'hidden';
  media.textTracks.addEventListener('change', () => prefer('captions', track.mode === 'showing' ? 'on' : 'off'));
}
