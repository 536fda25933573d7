// The page of a certificate's design: the preview is drawn by the server while one types. The button does the same without a script.
import { settle } from './http.js';

const form = document.getElementById('design');
const preview = document.getElementById('preview');
let asked = 0;

const draw = settle(async () => {
  const turn = ++asked;
  const answer = await fetch(form.dataset.preview, { method: 'POST', body: new FormData(form), credentials: 'same-origin' }).catch(() => null);
  if (!answer || turn !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const drawn = page.getElementById('preview');
  if (drawn) preview.replaceChildren(...drawn.childNodes);
}, 300);

form.addEventListener('input', draw);
form.addEventListener('change', draw);
