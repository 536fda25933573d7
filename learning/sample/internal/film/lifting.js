// "Lift it well": think, stand close, bend, lift, turn with the feet, put down, ask for help.
'use strict';

const film = {
  seconds: 36,
  captions: [
    [0.4, 3.6, 'A silent film. The captions say it all.'],
    [3.9, 8.2, 'Think first: how heavy, how far, is the way clear?'],
    [8.5, 12.3, 'Stand close, feet apart, one slightly forward.'],
    [12.6, 15.7, 'Bend your hips and knees. Get a firm grip.'],
    [16, 19.2, 'Lift smoothly, head up, load close to your waist.'],
    [19.5, 24.3, 'Turn with your feet. Never twist your back.'],
    [24.6, 28, 'Put it down first, then slide it into place.'],
    [28.3, 32.6, 'Too heavy or awkward? Use a trolley or ask for help.'],
    [32.9, 35.8, 'Think. Keep it close. Ask for help.'],
  ],
};

const ground = 428, from = 318, spot = 610, sand = '#F5EAD7';
const worker = { cut: 'crop', skin: 'c', hair: '#2A2022', top: teal, legs: navy, shoes: bark, vest: amber, band: paper };
const friend = { cut: 'bun', skin: 'a', hair: '#6B4630', top: navy, legs: '#4A3B52', shoes: '#1B2C3A' };

function room() {
  const shelf = y => rect(690, y, 214, 10, 3, navy);
  return [rect(0, 0, 960, 540, 0, sand), dot(460, 220, 190, '#EADBC0'), rect(0, ground + 6, 960, 112, 0, '#DCC8A6'),
    rect(700, 92, 10, 180, 3, steel), rect(884, 92, 10, 180, 3, steel), shelf(168), shelf(262),
    crate(724, 110, 74, 58), crate(812, 124, 60, 44, mix(wood, ink, 0.12)), crate(736, 196, 60, 66, mix(wood, '#ffffff', 0.14)), crate(806, 206, 72, 56),
    rect(54, 96, 150, 106, 8, paper), line('M80 132L92 144L112 120', teal, 7), rect(128, 126, 54, 10, 5, mist), line('M80 170L92 182L112 158', teal, 7), rect(128, 164, 40, 10, 5, mist),
    rect(48, 286, 176, 14, 5, bark), rect(62, 300, 14, 134, 0, bark), rect(196, 300, 14, 134, 0, bark)].join('');
}

// thought is the bubble in which the worker plans the way.
function thought(k) {
  return fade(k, dot(372, 132, 7, paper), dot(396, 112, 11, paper), rect(410, 30, 234, 104, 40, paper),
    crate(438, 66, 44, 36), line('M498 84L552 84M540 74L552 84L540 94', ink, 5), rect(568, 76, 50, 7, 2, bark), rect(574, 83, 6, 28, 0, bark), rect(606, 83, 6, 28, 0, bark), tick(612, 50, 14));
}

// pose is the worker at second t, standing at x = 0 and facing right; the box is where the hands are.
function pose(t) {
  const out = ease(t, 8.4, 11.2), back = ease(t, 21.2, 24.3);
  const still = Math.max(1 - ease(t, 8.5, 9), ease(t, 10.7, 11.2)) * Math.max(1 - ease(t, 21.3, 21.8), ease(t, 23.8, 24.3));
  const far = (spot - from) * (out + back), apart = ease(t, 11.2, 12) * (1 - ease(t, 19.4, 20.4));
  const feet = stride(far, still, [lerp(-12, -30, apart), lerp(14, 26, apart)]);
  const down = ease(t, 12.6, 14.6) * (1 - ease(t, 15.9, 18)), lift = ease(t, 15.9, 18), set = ease(t, 24.6, 26), slide = ease(t, 26.2, 27.2), free = ease(t, 27.3, 28);
  const sway = Math.sin(far / 132 * 2 * Math.PI), walk = 1 - still;
  const hip = [lerp(0, -32, down), -lerp(lerp(152, 149, apart), 76, down) + 3 * walk + set * (1 - free) * 3];
  const carry = [hip[0] + 62, hip[1] - 32 + 1.5 * walk * Math.abs(sway)];
  const low = [66, -10], table = [84, -158], pushed = [104, -158];
  const idle = [[hip[0] - 6 - 26 * sway * walk, hip[1] + 22], [hip[0] + 18 + 26 * sway * walk, hip[1] + 20]];
  const grip = ease(t, 13, 14.6);
  let hold = t < 15.9 ? low : [lerp(low[0], carry[0], lift), lerp(low[1], carry[1], lift)];
  hold = [lerp(lerp(hold[0], table[0], set), pushed[0], slide), lerp(hold[1], table[1], set)];
  const point = during(t, 4.6, 8, 0.7), wave = ease(t, 29.8, 30.6);
  const hands = idle.map((p, i) => {
    let q = [lerp(p[0], hold[0] - i * -8, grip), lerp(p[1], hold[1] + lerp(-16, i ? -4 : 6, lift), grip)];
    q = [lerp(q[0], p[0], free), lerp(q[1], p[1], free)];
    if (i === 1) q = [lerp(q[0], hip[0] + 122, Math.max(point, wave)), lerp(q[1], hip[1] - 70 - wave * (34 + 10 * Math.sin(t * 5)), Math.max(point, wave))];
    return q;
  });
  return { feet, hip, hands, hold, lean: lerp(lerp(2 * walk + 1, 42, down), 8, set * (1 - free)), tilt: lerp(point * 3, -8, down) };
}

// frontal is the worker seen from the front, for the moment of turning; held is empty when the hands are free.
function frontal(held, step) {
  const look = worker, [skin, shade] = skins[look.skin], sleeve = mix(look.top, '#ffffff', 0.14);
  const limb = s => hull([s * 15, -148], 20, [s * 16, -74], 15.5, look.legs) + hull([s * 16, -74], 15.5, [s * 17, -2 + step[s < 0 ? 0 : 1]], 11.5, look.legs) +
    path(`M${s * 17 - 15} ${16 + step[s < 0 ? 0 : 1]}Q${s * 17 - 15} -2 ${s * 17} -2Q${s * 17 + 15} -2 ${s * 17 + 15} ${16 + step[s < 0 ? 0 : 1]}Z`, look.shoes);
  const reach = held ? s => [s * 40, -176] : s => [s * 44, -136];
  const sleeves = s => dot(reach(s)[0], reach(s)[1] + (held ? 0 : 8), 10, skin) + hull([s * 33, -236], 14, [s * 47, -192], 12.5, sleeve) + hull([s * 47, -192], 12.5, reach(s), 9.5, sleeve);
  return [limb(-1), limb(1), path('M-36 -150Q-34 -190 -44 -232Q-42 -252 -16 -256L16 -256Q42 -252 44 -232Q34 -190 36 -150Q0 -134 -36 -150Z', look.top),
    path('M-35 -152Q-33 -190 -42 -234Q-38 -250 -18 -254L18 -254Q38 -250 42 -234Q33 -190 35 -152Q0 -138 -35 -152Z', look.vest), path('M-36 -194L36 -194L35 -181L-35 -181Z', look.band), path('M-30 -251L-18 -254L-14 -194L-26 -194ZM30 -251L18 -254L14 -194L26 -194Z', look.band),
    hull([0, -250], 11, [0, -270], 10, shade), oval(-26, -288, 5, 7, skin), oval(26, -288, 5, 7, skin), path('M-26 -296Q-26 -322 0 -322Q26 -322 26 -296Q27 -262 0 -260Q-27 -262 -26 -296Z', skin),
    path('M-27 -290Q-32 -324 0 -325Q32 -324 27 -290Q24 -306 12 -308L-12 -308Q-24 -306 -27 -290Z', look.hair), oval(-10, -292, 2.4, 3, '#2B2B33'), oval(10, -292, 2.4, 3, '#2B2B33'), line('M-7 -273Q0 -267 7 -273', '#7A4234', 2.4),
    sleeves(-1) + sleeves(1), held ? crate(-38, -208, 76, 62) + dot(-40, -172, 10, skin) + dot(40, -172, 10, skin) : ''].join('');
}

function workerAt(t) {
  const p = pose(t), away = ease(t, 19.3, 21.5), home = ease(t, 28.1, 29.9);
  const x = lerp(from, spot, ease(t, 8.4, 11.2)) + (from - spot) * ease(t, 21.2, 24.3);
  // A turn on the spot goes through a front view, while the feet take small steps.
  const side = Math.cos(Math.PI * away) * Math.cos(Math.PI * home), turned = 1 - Math.abs(side), front = ease(turned, 0.3, 0.5);
  const wide = Math.sign(side || 1) * Math.max(Math.abs(side), 0.45);
  const shuffle = [Math.max(0, Math.sin(away * 4 * Math.PI)), Math.max(0, -Math.sin(away * 4 * Math.PI))].map(s => -9 * s * Math.min(1, turned * 2));
  const held = t > 12.4 && t < 27.25 ? crate(p.hold[0] - 26, p.hold[1] - 36, 76, 62) : '';
  const body = person({ hip: p.hip, lean: p.lean, tilt: p.tilt, foot: [p.feet[0].x, p.feet[0].y + shuffle[0]], farFoot: [p.feet[1].x, p.feet[1].y + shuffle[1]], toe: p.feet[0].toe, farToe: p.feet[1].toe,
    hand: p.hands[0], farHand: p.hands[1], held, look: { ...worker, blink: blinks(t) } });
  const at = (k, sx, inner) => fade(k, `<g transform="translate(${n(x)} ${ground - 10}) scale(${sx.toFixed(3)} 1)">${inner}</g>`);
  return { x, svg: oval(x, ground + 8, 62, 8, '#C9B28B') + at(1 - ease(turned, 0.42, 0.6), wide, body) + at(front, lerp(0.72, 1, turned), frontal(held, shuffle)), p };
}

// helper rolls in a trolley from the right.
function helper(t) {
  const k = ease(t, 28.4, 31.4), x = lerp(1130, 700, k), far = (1130 - 700) * k, feet = stride(far, ease(t, 31, 31.5), [-12, 14]);
  if (t < 28.3) return '';
  const spin = far / 20 * 180 / Math.PI;
  const wheel = wx => dot(wx, ground - 6, 17, ink) + `<g transform="rotate(${n(spin)} ${wx} ${ground - 6})">${line(`M${wx - 9} ${ground - 6}L${wx + 9} ${ground - 6}M${wx} ${ground - 15}L${wx} ${ground + 3}`, mist, 3.5)}</g>`;
  const cart = line(`M72 ${ground - 176}L64 ${ground - 24}`, ink, 9) + rect(62, ground - 30, 176, 13, 5, navy) + wheel(92) + wheel(212) + crate(78, ground - 112, 150, 82) + crate(96, ground - 172, 96, 60, mix(wood, '#ffffff', 0.15));
  return `<g transform="translate(${n(x + 60)} 0) scale(-1 1)">${oval(90, ground + 9, 150, 9, '#C9B28B')}<g transform="translate(0 ${ground - 10})">${person({ hip: [0, -149], lean: 8,
    foot: [feet[0].x, feet[0].y], farFoot: [feet[1].x, feet[1].y], toe: feet[0].toe, farToe: feet[1].toe, hand: [70, -164], farHand: [76, -160], look: { ...friend, blink: blinks(t, 1.4) } })}</g>${cart}</g>`;
}

film.draw = t => {
  const w = workerAt(t), placed = t >= 27.25;
  const floorBox = t <= 12.4 ? crate(spot + 40, ground - 56, 76, 62) : '';
  const end = w.p.hold, tableBox = placed ? crate(w.x - end[0] - 50, ground - 10 + end[1] - 36, 76, 62) : '';
  const title = 1 - ease(t, 3.1, 3.8), close = ease(t, 32.6, 33.2);
  return room() + helper(t) + tableBox + w.svg + floorBox + thought(during(t, 4.3, 8.2, 0.5)) +
    fade(title, rect(0, 0, 960, 540, 0, sand), dot(480, 190, 116, '#EADBC0'), crate(414, 140, 132, 106), line('M480 118L480 66M458 86L480 64L502 86', teal, 11), words(480, 366, 62, 'Lift it well', ink, { anchor: 'middle', weight: 700 }), words(480, 414, 28, 'half a minute for your back', navy, { anchor: 'middle' })) +
    fade(close, rect(0, 0, 960, 540, 0, sand), ...[['Think first', 250], ['Keep it close', 480], ['Ask for help', 710]].map(([s, x], i) => fade(ease(t, 33 + i * 0.35, 33.5 + i * 0.35), dot(x, 200, 88, '#EADBC0'), tick(x, 200, 52, [teal, amber, coral][i]), words(x, 336, 30, s, ink, { anchor: 'middle', weight: 700 })))) +
    captions(film, t);
};
