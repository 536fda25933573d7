// The lesson editor: a toolbar over the text, a preview while typing, pictures, saving by itself.
import { send, settle } from './http.js';
import { enhance } from './upload.js';
import { commands, onward, insert, bracketed } from './format.js';
import { Steps } from './steps.js';
import { Autosave } from './autosave.js';
import { pictures } from './pictures.js';

document.querySelectorAll('[data-upload]').forEach(enhance);

const form = document.getElementById('lesson');
const body = document.getElementById('body');
const preview = document.getElementById('preview');
const { preview: url } = document.querySelector('.writer').dataset;

const draw = settle(async () => {
  if (!body.value.trim()) {
    preview.textContent = preview.dataset.empty;
    return;
  }
  try {
    const answer = await send(url, { body: new URLSearchParams({ body: body.value }), headers: { Accept: 'text/html' } });
    preview.innerHTML = await answer.text(); // from the server's sanitiser
  } catch {
    // Left the page, or offline: the old preview stays and the text is safe in the form.
  }
}, 400);
body.addEventListener('input', draw);
body.addEventListener('written', draw);

// The toolbar is one stop of the Tab key; arrows move within it (WAI-ARIA toolbar pattern).
const toolbar = document.getElementById('toolbar');
const buttons = [...toolbar.querySelectorAll('button')];
const steps = new Steps(body, form.dataset.key, () => {
  for (const [what, can] of [['undo', steps.back], ['redo', steps.forth]]) {
    toolbar.querySelector(`[data-do=${what}]`).setAttribute('aria-disabled', String(!can));
  }
});
steps.changed();
const openPicture = pictures(body, steps);

const linkDialog = document.getElementById('link-dialog');
const linkText = document.getElementById('link-text');
const linkURL = document.getElementById('link-url');
const linkWrong = document.getElementById('link-wrong');
let linkPlace = null;
const openLink = () => {
  linkPlace = steps.now();
  linkText.value = body.value.slice(linkPlace.start, linkPlace.end);
  linkURL.value = '';
  linkWrong.hidden = true;
  linkDialog.showModal();
  (linkText.value ? linkURL : linkText).focus();
};
linkDialog.querySelector('[data-cancel]').addEventListener('click', () => linkDialog.close());
linkDialog.addEventListener('close', () => body.focus());
linkDialog.querySelector('[data-insert]').addEventListener('click', () => {
  const to = linkURL.value.trim().replace(/\s/g, '%20').replace(/[()]/g, (sign) => (sign === '(' ? '%28' : '%29'));
  linkWrong.hidden = /^(https?:\/\/[^/]|mailto:.|\/(?!\/))/i.test(to);
  if (!linkWrong.hidden) { linkURL.focus(); return; }
  linkDialog.close();
  steps.put(insert(linkPlace, `[${bracketed(linkText.value) || to}](${to})`));
});
linkDialog.addEventListener('keydown', (press) => {
  if (press.key === 'Enter' && press.target.tagName === 'INPUT') { press.preventDefault(); linkDialog.querySelector('[data-insert]').click(); }
});

const run = (what) => {
  if (what === 'undo') steps.go(-1);
  else if (what === 'redo') steps.go(1);
  else if (what === 'link') { openLink(); return; }
  else if (what === 'picture') { openPicture(); return; }
  else steps.put(commands[what](steps.now()));
  body.focus();
};
toolbar.hidden = false;
document.getElementById('add-picture').hidden = true; // the toolbar's does more
buttons.forEach((button, i) => {
  button.tabIndex = i === 0 ? 0 : -1;
  button.addEventListener('click', () => run(button.dataset.do));
});
toolbar.addEventListener('keydown', (press) => {
  const at = buttons.indexOf(document.activeElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[press.key];
  if (to === undefined) return;
  press.preventDefault();
  const next = buttons[(to + buttons.length) % buttons.length];
  buttons.forEach((b) => { b.tabIndex = b === next ? 0 : -1; });
  next.focus();
});

const byKey = { b: 'bold', i: 'italic', e: 'code', k: 'link', z: 'undo', y: 'redo' };
const byDigit = { Digit7: 'numbers', Digit8: 'list', Digit9: 'quote' };
body.addEventListener('keydown', (press) => {
  if (press.key === 'Enter' && !press.ctrlKey && !press.metaKey && !press.shiftKey && !press.isComposing) {
    const next = onward(steps.now());
    if (next) { press.preventDefault(); steps.put(next); }
    return;
  }
  if (!(press.ctrlKey || press.metaKey)) return;
  let what = null;
  if (press.altKey) what = { Digit2: 'heading2', Digit3: 'heading3' }[press.code];
  else if (press.shiftKey) what = byDigit[press.code] ?? (press.key.toLowerCase() === 'z' ? 'redo' : null);
  else what = byKey[press.key.toLowerCase()];
  if (!what) return;
  press.preventDefault();
  run(what);
});

const autosave = new Autosave(form);
autosave.start();
addEventListener('beforeunload', (leave) => { if (autosave.homeless && autosave.dirty && !autosave.leaving) leave.preventDefault(); });

// Who else has the lesson open.
const others = document.getElementById('others');
const meet = async () => {
  if (document.visibilityState === 'hidden') return;
  try {
    const answer = await send(`${form.getAttribute('action')}/here`);
    const here = await answer.json();
    const names = (here.others ?? []).join(', ');
    others.hidden = !names;
    const words = names && others.dataset.say.replace('{names}', names);
    if (others.textContent !== words) others.textContent = words;
  } catch {
    // Offline: saving says so.
  }
};
meet();
setInterval(meet, 30_000);
