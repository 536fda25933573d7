// The branding page: picker and text field stay together, the colour is checked and the frame redrawn while typing.
import { settle } from './http.js';

const form = document.getElementById('brand');
const typed = form.elements.colour;
const picker = document.getElementById('colour-picker');
const check = document.getElementById('colour-check');
const frame = document.getElementById('brand-frame');

picker.hidden = false;
picker.addEventListener('input', () => {
  typed.value = picker.value;
  typed.dispatchEvent(new Event('input', { bubbles: true }));
});
typed.addEventListener('input', () => {
  if (/^#[0-9a-f]{6}$/i.test(typed.value)) picker.value = typed.value.toLowerCase();
});

const query = () => new URLSearchParams({
  name: form.elements.name.value, colour: picker.value, theme: form.elements.theme.value, login_text: form.elements.login_text.value,
});

const redraw = settle(() => { frame.contentWindow.location.replace(`${form.dataset.preview}?${query()}`); }, 350);

const judge = settle(async () => {
  const answer = await fetch(`${form.dataset.check}?colour=${encodeURIComponent(typed.value)}`, { credentials: 'same-origin' }).catch(() => null);
  if (!answer?.ok) return;
  const { valid, ok, contrast, nearest } = await answer.json();
  const line = document.createElement('p');
  line.className = 'hint';
  line.textContent = valid ? `${ok ? check.dataset.good : check.dataset.bad} (${contrast.toFixed(1)}:1)` : check.dataset.invalid;
  check.replaceChildren(line);
  if (valid && !ok) {
    const offer = document.createElement('button');
    offer.type = 'button';
    offer.className = 'button small';
    offer.textContent = check.dataset.use.replace('#', nearest);
    offer.addEventListener('click', () => {
      picker.value = nearest;
      picker.dispatchEvent(new Event('input'));
      typed.focus();
    });
    check.append(offer);
  }
}, 250);

form.addEventListener('input', (change) => {
  if (change.target === typed || change.target === picker) judge();
  if (['name', 'colour', 'theme', 'login_text'].includes(change.target.name) || change.target === picker) redraw();
});
