// What both films share: easing, the caption band, title and closing cards, a walking person's feet.
'use strict';

const clamp = (v, lo = 0, hi = 1) => Math.min(hi, Math.max(lo, v));
const lerp = (a, b, k) => a + (b - a) * k;
// ease goes from 0 at second a to 1 at second b, slow at both ends.
const ease = (t, a, b) => { const k = clamp((t - a) / (b - a)); return k * k * k * (k * (k * 6 - 15) + 10); };
// during rises over `soft` seconds after a and falls back before b.
const during = (t, a, b, soft = 0.5) => ease(t, a, a + soft) * (1 - ease(t, b - soft, b));
const fade = (k, ...parts) => k <= 0.002 ? '' : el('g', { opacity: Math.round(k * 1000) / 1000 }, parts.flat(9).filter(Boolean).join(''));
// blinking eyes look alive; every few seconds for an eighth of a second.
const blinks = (t, shift = 0) => (t + shift) % 3.7 < 0.13;

// captions draws the band with the words of second t; the next words fade in as the last fade out.
function captions(film, t) {
  const said = film.captions.map(([from, to, s]) => fade(during(t, from, to, 0.35), words(480, 508, 31, s, '#ffffff', { anchor: 'middle', weight: 700 })));
  return rect(0, 456, 960, 84, 0, ink) + said.join('');
}

const tick = (x, y, r, fill = teal) => dot(x, y, r, fill) + line(`M${n(x - r * 0.42)} ${n(y + r * 0.03)}L${n(x - r * 0.1)} ${n(y + r * 0.36)}L${n(x + r * 0.44)} ${n(y - r * 0.34)}`, '#ffffff', r * 0.22);
const crate = (x, y, w, h, c = wood) => rect(x, y, w, h, 4, c) + rect(x + w * 0.42, y, w * 0.16, h, 0, mix(c, '#ffffff', 0.28)) + rect(x + w * 0.64, y + h - 20, w * 0.24, 10, 0, mix(c, ink, 0.25));

// stride gives ankle offsets from the body's x after `far` units walked; still (0..1) brings the feet to rest.
function stride(far, still, rest) {
  const cycle = 132, duty = 0.6, reach = cycle * duty / 2;
  return [0, 0.5].map((shift, i) => {
    const p = (((far / cycle + shift) % 1) + 1) % 1;
    let x, y = 0, toe = 0;
    if (p < duty) {
      x = lerp(reach, -reach, p / duty);
      toe = 18 * ease(p, duty * 0.72, duty);
    } else {
      const u = (p - duty) / (1 - duty);
      x = lerp(-reach, reach, u * u * (3 - 2 * u));
      y = -17 * Math.sin(Math.PI * u);
      toe = lerp(18, -8, u) * Math.sin(Math.PI * Math.min(1, u + 0.3));
    }
    return { x: lerp(x, rest[i], still), y: lerp(y, 0, still), toe: lerp(toe, 0, still) };
  });
}
