// The rule of a group: comparisons that do not fit a field are not offered, and who would be in is shown while one types.
// The buttons do the same without a script.
import { settle } from './http.js';

const form = document.getElementById('rule-form');
const preview = document.getElementById('preview');
let asked = 0;

function fit(row) {
  const field = row.querySelector('[name=field]').value;
  const op = row.querySelector('[name=op]');
  for (const option of op.options) {
    const fits = !field || option.dataset.fits.split(' ').includes(field);
    option.hidden = !fits;
    option.disabled = !fits;
  }
  if (op.selectedOptions[0]?.disabled) op.value = [...op.options].find((o) => !o.disabled)?.value ?? '';
  row.querySelector('.values').hidden = op.selectedOptions[0]?.dataset.bare !== undefined;
}

for (const row of form.querySelectorAll('[data-rule]')) {
  fit(row);
  row.addEventListener('change', () => fit(row));
}

const complete = () => [...form.querySelectorAll('[data-rule]')].some((row) => row.querySelector('[name=field]').value
  && (row.querySelector('.values').hidden || row.querySelector('[name=values]').value.trim()));

const look = settle(async () => {
  const turn = ++asked;
  if (!complete()) {
    preview.replaceChildren();
    return;
  }
  const body = new URLSearchParams(new FormData(form));
  body.set('do', 'preview');
  const answer = await fetch(form.action, { method: 'POST', body, credentials: 'same-origin' }).catch(() => null);
  if (!answer || turn !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  preview.replaceChildren(...(answer.ok ? page.getElementById('preview')?.childNodes ?? [] : []));
}, 400);

form.addEventListener('input', (typed) => {
  if (['field', 'op', 'values', 'match'].includes(typed.target.name)) look();
});
