// "Five seconds before you click": a hurried message arrives; stop, look at the sender, the link and the wish, ask, report.
'use strict';

const film = {
  seconds: 36,
  captions: [
    [0.4, 3.6, 'A silent film. The captions say it all.'],
    [3.9, 8, 'A message arrives. It is urgent. It wants a click.'],
    [8.3, 12.6, 'Stop. Hands off the mouse. Count to five.'],
    [12.9, 17, 'Who sent it? Read the whole address.'],
    [17.3, 21, 'Where does it lead? Point at the link, do not press.'],
    [21.3, 24.8, 'What does it want? Money, a password, a hurry?'],
    [25.1, 28.6, 'Not sure? Ask on a number you already know.'],
    [28.9, 32.8, 'Suspicious? Report it. You protect everyone.'],
    [33.1, 35.8, 'Five seconds are enough.'],
  ],
};

const sky = '#DCE8EE', tone = '#C8DAE3';
const reader = { cut: 'curls', skin: 'c', hair: '#2A2022', top: amber, legs: navy };
const bar = (x, y, w) => rect(x, y, w, 11, 5, pale);
const ring = (k, x, y, w, h) => fade(k, rect(x, y, w, h, 14, 'none', { stroke: coral, strokeWidth: 5 }));

// mail is the open message; its parts are where the lens and the pointer go.
function mail(t) {
  const pressed = during(t, 30, 30.5, 0.2), over = during(t, 17.9, 21.2, 0.4);
  return [rect(40, 24, 576, 414, 18, paper), path('M40 42Q40 24 58 24L598 24Q616 24 616 42L616 70L40 70Z', navy), dot(66, 47, 8, coral), dot(92, 47, 8, amber), dot(118, 47, 8, mint),
    rect(478, 32, 122, 30, 8, mix(coral, ink, pressed * 0.3)), line('M494 55L494 40L508 43L504 47L508 51L494 50', '#ffffff', 3), words(518, 54, 19, 'Report', '#ffffff', { weight: 700 }),
    dot(94, 118, 29, pale), words(94, 129, 31, '?', navy, { anchor: 'middle', weight: 700 }), words(138, 113, 25, 'Delivery Desk', ink, { weight: 700 }), words(138, 142, 20, 'desk@parcels-99x.example', '#54707F'),
    line('M66 168L590 168', pale, 3), words(66, 212, 28, 'FINAL NOTICE: pay in 2 hours', ink, { weight: 700 }), words(66, 250, 21, 'Dear customer,', navy), bar(66, 268, 470), bar(66, 290, 410), bar(66, 312, 440),
    rect(66, 344, 180, 54, 10, mix(teal, ink, over * 0.2)), words(156, 380, 25, 'Pay now', '#ffffff', { anchor: 'middle', weight: 700 }),
    fade(over, rect(214, 392, 344, 42, 9, ink), words(230, 419, 20, 'http://pay.parcels-99x.example', '#ffffff'))].join('');
}

// pointer is where the mouse arrow is: to the button, back in the pause, to the link, to Report.
function pointer(t) {
  const stops = [[3.9, 430, 400], [5.8, 430, 400], [7.6, 196, 378], [8.6, 196, 378], [9.6, 470, 366], [17.3, 470, 366], [18, 196, 376], [20.9, 196, 376], [21.9, 470, 366], [28.9, 470, 366], [29.9, 540, 50], [30.6, 540, 50]];
  let x = stops[0][1], y = stops[0][2];
  for (let i = 1; i < stops.length; i++) { const k = ease(t, stops[i - 1][0], stops[i][0]); x = lerp(x, stops[i][1], k); y = lerp(y, stops[i][2], k); }
  const press = 1 - 0.16 * during(t, 30, 30.5, 0.2);
  return fade(during(t, 4.6, 31, 0.4), `<g transform="translate(${n(x)} ${n(y)}) scale(${press.toFixed(3)})">${path('M0 0L0 32L8 25L14 39L21 36L15 22L25 21Z', ink, { stroke: paper, strokeWidth: 2.5, strokeLinejoin: 'round' })}</g>`);
}

// count is the ring that empties while five seconds are counted.
function count(t) {
  const k = clamp((t - 8.6) / 4), left = Math.max(1, 5 - Math.floor(k * 5)), r = 74, a = 2 * Math.PI * (1 - k) - 0.0001;
  const end = [330 + r * Math.sin(a), 236 - r * Math.cos(a)];
  return fade(during(t, 8.3, 12.8, 0.4), rect(40, 24, 576, 414, 18, paper, { opacity: 0.72 }), dot(330, 236, 100, ink), dot(330, 236, r, 'none', { stroke: navy, strokeWidth: 14 }),
    k < 1 ? line(`M330 ${236 - r}A${r} ${r} 0 ${a > Math.PI ? 1 : 0} 1 ${end[0].toFixed(2)} ${end[1].toFixed(2)}`, amber, 14) : '', words(330, 262, 76, String(left), '#ffffff', { anchor: 'middle', weight: 700 }));
}

// lens shows the sender's address larger, held by the reader's hand.
const lensAt = t => { const k = ease(t, 12.8, 13.8) * (1 - ease(t, 16.6, 17.4)); return [lerp(690, 600, k), lerp(240, 160, k), k]; };
function figure(t) {
  const [lx, ly, k] = lensAt(t), look = { ...reader, blink: blinks(t), mouth: t < 3.9 ? 'smile' : t < 29.8 ? 'flat' : 'smile' };
  const call = during(t, 25, 28.9, 0.7), startle = during(t, 5, 6.4, 0.4), cheer = ease(t, 30.8, 31.5);
  // The reader is drawn facing right and mirrored about x = 780, so that he looks at the screen.
  const mirror = x => 1560 - x, base = [764, 274];
  let hand = [58, -20 - startle * 60];
  hand = [lerp(hand[0], mirror(lx + 96) - base[0], k), lerp(hand[1], ly + 52 - base[1], k)];
  hand = [lerp(hand[0], 2, call), lerp(hand[1], -120, call)];
  hand = [lerp(hand[0], 100, cheer), lerp(hand[1], -118 + 5 * Math.sin(t * 5) * cheer, cheer)];
  const handset = fade(call, `<g transform="translate(${n(hand[0] - 1)} ${n(hand[1] - 12)}) rotate(-22)">${rect(-9, -22, 18, 42, 5, ink)}</g>`);
  return oval(790, 442, 88, 8, '#B4CBD7') + `<g transform="translate(1560 0) scale(-1 1)"><g transform="translate(${base[0]} ${base[1]})">${person({ hip: [0, 0], lean: 2 - startle * 5, tilt: 2 + 6 * k, foot: [-11, 152.8], farFoot: [15, 152.8],
    hand, farHand: [34, -4 - startle * 40], fold: [34, -52, call], held: handset, look })}</g></g>`;
}

function lens(t) {
  const [x, y, k] = lensAt(t);
  if (k <= 0.01) return '';
  return fade(Math.min(1, k * 3), `<g transform="translate(${n(x)} ${n(y)})">${line('M40 28L88 46', bark, 13)}${rect(-306, -46, 372, 92, 46, paper, { stroke: ink, strokeWidth: 9 })}${words(-273, 8, 25, 'desk@', navy)}${words(-194, 8, 25, 'parcels-99x.example', ink, { weight: 700 })}${line('M-191 23L46 23', coral, 5)}</g>`);
}

// talk is the call to a known number.
const talk = t => fade(during(t, 25.6, 28.8, 0.5), path('M656 14L902 14Q928 14 928 40L928 46Q928 72 902 72L786 72L774 94L762 72L656 72Q630 72 630 46L630 40Q630 14 656 14Z', paper), words(779, 52, 27, 'Did you send this?', ink, { anchor: 'middle', weight: 700 }));

film.draw = t => {
  const arrive = ease(t, 3.5, 5), gone = ease(t, 30.7, 31.7), title = 1 - ease(t, 3.2, 3.9), close = ease(t, 32.8, 33.4);
  const shield = ease(t, 31.2, 32), beat = 1 + 0.04 * Math.sin(clamp((t - 32) / 0.6) * Math.PI);
  const pane = gone < 1 && arrive > 0 ? fade(arrive * (1 - gone), `<g transform="translate(${n(295 * gone)} ${n((1 - arrive) * 60 + gone * 208)}) scale(${(1 - gone * 0.9).toFixed(3)})">${mail(t)}${ring(during(t, 18.6, 21), 206, 386, 360, 54)}${ring(during(t, 21.5, 24.8), 54, 180, 430, 46)}${ring(during(t, 22.3, 24.8), 54, 334, 204, 74)}</g>`) : '';
  return [rect(0, 0, 960, 540, 0, sky), dot(790, 200, 156, tone), rect(0, 434, 960, 106, 0, '#C3D6E0'), pane, count(t), figure(t), lens(t), talk(t), pointer(t),
    fade(shield, `<g transform="translate(328 230) scale(${(lerp(0.5, 0.86, shield) * beat).toFixed(4)})">${path('M0 -200Q80 -150 160 -150L160 -10Q156 130 0 210Q-156 130 -160 -10L-160 -150Q-80 -150 0 -200Z', teal)}${path('M0 -200Q80 -150 160 -150L160 -10Q156 130 0 210Z', mix(teal, '#ffffff', 0.18))}${line('M-66 6L-16 58L74 -56', '#ffffff', 34)}</g>`),
    fade(title, rect(0, 0, 960, 540, 0, sky), dot(480, 178, 122, tone), g('translate(480 178) scale(1.75)', rect(-44, -30, 88, 60, 7, paper), path('M-44 -24Q-44 -30 -38 -30L38 -30Q44 -30 44 -24L4 8Q0 11 -4 8Z', mist), line('M-44 25L-14 0M44 25L14 0', mist, 4)), dot(562, 116, 34, coral), words(562, 130, 40, '5', '#ffffff', { anchor: 'middle', weight: 700 }),
      words(480, 366, 54, 'Five seconds before you click', ink, { anchor: 'middle', weight: 700 }), words(480, 414, 28, 'the habit that stops most tricks', navy, { anchor: 'middle' })),
    fade(close, rect(0, 0, 960, 540, 0, sky), ...[['Sender', 250], ['Link', 480], ['Request', 710]].map(([s, x], i) => fade(ease(t, 33.2 + i * 0.35, 33.7 + i * 0.35), dot(x, 190, 92, tone), tick(x, 190, 54, [teal, amber, coral][i]), words(x, 330, 34, s, ink, { anchor: 'middle', weight: 700 })))),
    captions(film, t)].join('');
};
