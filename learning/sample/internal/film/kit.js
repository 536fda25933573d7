// The drawing kit of the sample films: a small flat style of people and things, as functions that return SVG text.
// Lengths are in the picture's own units, angles in degrees. A person faces right.
'use strict';

const ink = '#22384A', navy = '#34566B', steel = '#6F8C9C', mist = '#A9BFCA', pale = '#CCDBE2', paper = '#FBFAF6';
const teal = '#2F8F8B', mint = '#8CCBC2', amber = '#F0A83C', coral = '#D9604C', wood = '#C08B5C', bark = '#8F6240';
const skins = { a: ['#EDBF9E', '#D9A27E'], c: ['#8B5A3C', '#744830'] };

// mix blends two #rrggbb colours; k is the share of the second.
const mix = (a, b, k) => '#' + [1, 3, 5].map(i => Math.round(parseInt(a.slice(i, i + 2), 16) * (1 - k) + parseInt(b.slice(i, i + 2), 16) * k).toString(16).padStart(2, '0')).join('');
const n = v => String(Math.round(v * 10) / 10 + 0);
const attrs = o => Object.entries(o).filter(([, v]) => v !== undefined && v !== null)
  .map(([k, v]) => ` ${k.replace(/[A-Z]/g, c => '-' + c.toLowerCase())}="${typeof v === 'number' ? String(Math.round(v * 100) / 100) : v}"`).join('');
const el = (tag, o, inner) => inner === undefined ? `<${tag}${attrs(o)}/>` : `<${tag}${attrs(o)}>${inner}</${tag}>`;
const g = (transform, ...parts) => el('g', { transform: transform || undefined }, '\n' + parts.flat(9).filter(Boolean).join('\n') + '\n');
const path = (d, fill, o = {}) => el('path', { d, fill, ...o });
const line = (d, stroke, width, o = {}) => el('path', { d, fill: 'none', stroke, strokeWidth: width, strokeLinecap: 'round', strokeLinejoin: 'round', ...o });
const rect = (x, y, w, h, r, fill, o = {}) => el('rect', { x, y, width: w, height: h, rx: r || undefined, fill, ...o });
const dot = (x, y, r, fill, o = {}) => el('circle', { cx: x, cy: y, r, fill, ...o });
const oval = (x, y, rx, ry, fill, o = {}) => el('ellipse', { cx: x, cy: y, rx, ry, fill, ...o });
const words = (x, y, size, s, fill = ink, o = {}) => el('text', {
  x, y, fontFamily: 'Arial, Helvetica, sans-serif', fontSize: size, fontWeight: o.weight, fill, textAnchor: o.anchor, opacity: o.opacity,
}, s);

// hull is the outline of two circles and the strip between them: a tapered limb.
function hull(p, r, q, s, fill) {
  const dx = q[0] - p[0], dy = q[1] - p[1], d = Math.hypot(dx, dy);
  if (d <= Math.abs(r - s) + 0.01) return r > s ? dot(p[0], p[1], r, fill) : dot(q[0], q[1], s, fill);
  const a = Math.atan2(dy, dx), b = Math.acos((r - s) / d);
  const at = (c, rad, t) => `${n(c[0] + rad * Math.cos(t))} ${n(c[1] + rad * Math.sin(t))}`;
  return path(`M${at(p, r, a + b)}A${n(r)} ${n(r)} 0 ${r >= s ? 1 : 0} 1 ${at(p, r, a - b)}L${at(q, s, a - b)}A${n(s)} ${n(s)} 0 ${r >= s ? 0 : 1} 1 ${at(q, s, a + b)}Z`, fill);
}

// bend finds the middle joint of two bones from p to q; side +1 or -1 chooses which way it folds.
function bend(p, q, l1, l2, side) {
  const dx = q[0] - p[0], dy = q[1] - p[1], d = Math.min(Math.max(Math.hypot(dx, dy), Math.abs(l1 - l2) + 0.5), l1 + l2 - 0.5);
  const a = Math.atan2(dy, dx), c = Math.acos((l1 * l1 + d * d - l2 * l2) / (2 * l1 * d)) * side;
  const joint = [p[0] + l1 * Math.cos(a + c), p[1] + l1 * Math.sin(a + c)];
  return { joint, end: [p[0] + d * Math.cos(a), p[1] + d * Math.sin(a)] };
}

const UPPER = 60, FORE = 56, THIGH = 78, SHIN = 76, TRUNK = 92;

// arm reaches for target. fold, where given, is a place for the elbow and how much (0..1) it counts: a foreshortened arm.
function arm(shoulder, target, look, far, fold) {
  const { joint, end } = bend(shoulder, target, UPPER, FORE, 1);
  if (fold) [0, 1].forEach(i => { joint[i] += (fold[i] - joint[i]) * fold[2]; });
  const sleeve = far ? mix(look.top, ink, 0.24) : mix(look.top, '#ffffff', 0.14), [skin, shade] = skins[look.skin];
  const a = Math.atan2(end[1] - joint[1], end[0] - joint[0]), wrist = [end[0] - 4 * Math.cos(a), end[1] - 4 * Math.sin(a)];
  const hand = [end[0] + 6 * Math.cos(a), end[1] + 6 * Math.sin(a)];
  return [hull(wrist, 8, hand, 10, far ? shade : skin), hull(shoulder, 15, joint, 12.5, sleeve), hull(joint, 12.5, wrist, 9.5, sleeve)].join('\n');
}

function leg(hip, ankle, look, far, turn = 0) {
  const { joint, end } = bend(hip, ankle, THIGH, SHIN, -1), hue = far ? mix(look.legs, '#0F1E29', 0.28) : look.legs;
  const shoe = g(`translate(${n(end[0])} ${n(end[1])}) rotate(${n(turn)})`,
    path('M-14 2Q-2 -4 13 1Q29 4 32 10Q33 14 30 14L-14 14Q-16 8 -14 2Z', look.shoes),
    path('M-14.5 11L32.4 11Q33 16 29 16L-12 16Q-15 16 -14.5 11Z', '#101C26'));
  return [hull(hip, 23, joint, 16.5, hue), hull(joint, 16.5, end, 11.5, hue), shoe].join('\n');
}

const hairs = {
  crop: h => [path('M-21 -22Q-28 -58 3 -60Q27 -60 27 -41Q12 -45 -2 -43Q-8 -36 -10 -24Q-16 -16 -21 -22Z', h)],
  bun: h => [dot(-24, -50, 13, h), path('M-20 -18Q-28 -58 4 -61Q29 -60 27 -40Q14 -44 7 -48Q-2 -38 -8 -36Q-8 -26 -10 -18Q-16 -14 -20 -18Z', h)],
  curls: h => [[-20, -32, 12], [-18, -48, 13], [-3, -58, 13], [14, -57, 11], [24, -48, 8], [-20, -19, 9]].map(([x, y, r]) => dot(x, y, r, h)).concat(path('M-20 -20L-12 -22L-6 -40L20 -46L4 -60L-20 -46Z', h)),
};

// head is drawn about the top of the neck.
function head(look, tilt) {
  const [skin, shade] = skins[look.skin];
  const mouth = { smile: line('M13 -14Q18 -11 22 -15', '#7A4234', 2.4), flat: line('M14 -13L21 -13.5', '#7A4234', 2.4) }[look.mouth || 'smile'];
  return g(`rotate(${n(tilt)})`,
    hull([-2, 12], 11, [0, -10], 10, shade),
    path('M-20 -34Q-20 -60 4 -60Q27 -60 27 -38L27.5 -32Q34 -24 31 -22Q28 -21 27 -20Q26 -2 12 -1Q-4 0 -12 -12Q-20 -20 -20 -34Z', skin),
    hairs[look.cut](look.hair),
    oval(-6, -27, 5, 6.5, skin), line('M-7 -29Q-3.5 -28 -5 -24', shade, 1.8),
    look.blink ? line('M14 -32L19 -32', '#2B2B33', 2.2) : oval(16.5, -32, 2.3, 3, '#2B2B33'), line('M12 -39.5Q16 -42 21 -39.5', look.hair, 2.4), mouth);
}

function trunk(look) {
  const vest = look.vest ? [path('M-27 8L-28 -78Q-26 -96 -12 -100L14 -100Q25 -94 27 -78L27 8Q0 14 -27 8Z', look.vest),
    path('M-27.5 -34L27 -34L27 -22L-27.5 -22Z', look.band), path('M-17 -99L-5 -100.5L-5 -34L-17 -34Z', look.band)] : '';
  return [path('M-27 4C-26 -28 -31 -56 -29 -80Q-26 -101 -6 -104L8 -104Q25 -100 28 -78C30 -52 25 -26 26 4Q26 18 0 18Q-27 18 -27 4Z', look.top), vest].flat().join('\n');
}

// person takes the hip's place, the lean of the trunk, and ankles and hands as targets. far… is the limb behind the
// trunk, held what lies between trunk and near arm.
function person(o) {
  const look = { top: teal, legs: navy, shoes: '#1B2C3A', skin: 'a', hair: '#4A3328', cut: 'crop', ...o.look };
  const hip = o.hip, r = o.lean * Math.PI / 180, along = (k, off = 0) => [hip[0] + k * Math.sin(r) + off * Math.cos(r), hip[1] - k * Math.cos(r) + off * Math.sin(r)];
  const shoulder = along(TRUNK - 8, 0), farShoulder = along(TRUNK - 8, 6), neck = along(TRUNK + 12, 1);
  const parts = {
    farArm: o.farHand ? arm(farShoulder, o.farHand, look, true) : '',
    farLeg: o.farFoot ? leg([hip[0] + 5, hip[1]], o.farFoot, look, true, o.farToe || 0) : '',
    nearLeg: o.foot ? leg([hip[0] - 3, hip[1]], o.foot, look, false, o.toe || 0) : '',
    trunk: g(`translate(${n(hip[0])} ${n(hip[1])}) rotate(${n(o.lean)})`, trunk(look)),
    head: g(`translate(${n(neck[0])} ${n(neck[1])})`, head(look, o.tilt ?? o.lean * 0.5)),
    nearArm: o.hand ? arm(shoulder, o.hand, look, false, o.fold) : '',
  };
  return [parts.farArm, parts.farLeg, parts.nearLeg, parts.trunk, parts.head, o.held, parts.nearArm].filter(Boolean).join('\n');
}
