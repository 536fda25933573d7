// The lesson editor: uploads in parts, a preview while typing, a warning before leaving with unsaved changes.
import { send, settle } from './http.js';
import { enhance } from './upload.js';

document.querySelectorAll('[data-upload]').forEach(enhance);

const body = document.getElementById('body');
const preview = document.getElementById('preview');
const { preview: url } = document.querySelector('.writer').dataset;

const draw = settle(async () => {
  if (!body.value.trim()) {
    preview.textContent = preview.dataset.empty;
    return;
  }
  const form = new FormData();
  form.set('body', body.value);
  try {
    const answer = await send(url, { body: new URLSearchParams(form), headers: { Accept: 'text/html' } });
    preview.innerHTML = await answer.text(); // from the server's sanitiser
  } catch {
    // Left the page, or offline: the old preview stays and the text is safe in the form.
  }
}, 400);
body.addEventListener('input', draw);

const form = document.getElementById('lesson');
let dirty = false;
form.addEventListener('input', () => { dirty = true; });
form.addEventListener('submit', () => { dirty = false; });
addEventListener('beforeunload', (leave) => { if (dirty) leave.preventDefault(); });
