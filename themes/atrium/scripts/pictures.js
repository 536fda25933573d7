// Pictures in a text: by paste, drag or choice, uploaded in parts, each with the words for those who cannot see it.
import { upload } from './upload.js';
import { block, bracketed } from './format.js';

const KINDS = ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/svg+xml'];

/** wires the picture dialog to a text area; steps takes what is inserted. Gives the function that opens it. */
export function pictures(area, steps) {
  const dialog = document.getElementById('picture-dialog');
  const chooser = document.getElementById('picture-file');
  const words = document.getElementById('picture-words');
  const decorative = document.getElementById('picture-decorative');
  const wrong = document.getElementById('picture-wrong');
  const state = document.getElementById('picture-state');
  const name = document.getElementById('picture-name');
  const insert = dialog.querySelector('[data-insert]');
  const say = dialog.dataset;
  let file = null;
  let place = null;
  let waiting = [];

  const take = (next) => {
    file = next ?? null;
    state.textContent = '';
    name.textContent = file?.name ?? '';
    if (!file) return;
    if (!KINDS.includes(file.type)) { file = null; state.textContent = say.sayKind; }
    else if (file.size > Number(say.limit)) { file = null; state.textContent = say.sayLarge; }
  };
  const open = (files = []) => {
    [file, ...waiting] = files;
    place = steps.now();
    words.value = '';
    words.disabled = false;
    decorative.checked = false;
    chooser.value = '';
    wrong.hidden = true;
    take(file);
    dialog.showModal();
    (file ? words : chooser).focus();
  };
  chooser.addEventListener('change', () => take(chooser.files[0]));
  decorative.addEventListener('change', () => { words.disabled = decorative.checked; wrong.hidden = true; });
  dialog.querySelector('[data-cancel]').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => area.focus());
  dialog.addEventListener('keydown', (press) => {
    if (press.key === 'Enter' && press.target.tagName === 'INPUT' && press.target.type !== 'checkbox') { press.preventDefault(); insert.click(); }
  });
  insert.addEventListener('click', async () => {
    if (!file) { if (!state.textContent) state.textContent = say.sayKind; chooser.focus(); return; }
    wrong.hidden = decorative.checked || words.value.trim() !== '';
    if (!wrong.hidden) { words.focus(); return; }
    insert.disabled = true;
    state.textContent = say.sayProgress;
    try {
      const id = await upload(file, Number(say.chunk), (part) => { state.textContent = `${say.sayProgress} ${Math.round(part * 100)} %`; }, () => { state.textContent = say.sayRetry; });
      const made = decorative.checked ? `![](file:${id} "decorative")` : `![${bracketed(words.value)}](file:${id})`;
      dialog.close();
      const put = block(place, made);
      steps.put({ ...put, start: put.end, end: put.end });
      if (waiting.length) open(waiting);
    } catch (failure) {
      state.textContent = failure.problem?.errors?.[0]?.message ?? failure.problem?.detail ?? say.sayFailed;
    } finally {
      insert.disabled = false;
    }
  });

  const images = (list) => [...(list ?? [])].filter((f) => f.type.startsWith('image/'));
  area.addEventListener('paste', (paste) => {
    const found = images(paste.clipboardData?.files);
    if (!found.length) return;
    paste.preventDefault();
    open(found);
  });
  area.addEventListener('dragover', (over) => {
    if (![...over.dataTransfer.types].includes('Files')) return;
    over.preventDefault();
    area.classList.add('dropping');
  });
  area.addEventListener('dragleave', () => area.classList.remove('dropping'));
  area.addEventListener('drop', (drop) => {
    area.classList.remove('dropping');
    if (!drop.dataTransfer.files.length) return;
    drop.preventDefault();
    open(images(drop.dataTransfer.files));
  });
  return open;
}
