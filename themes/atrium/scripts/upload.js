// Uploads in parts of at most 8 MiB that go on after a break. The plain file field below it works without this.
import { send } from './http.js';

const RETRIES = 8;
const wait = (ms) => new Promise((wake) => { setTimeout(wake, ms); });

/** uploads a file and gives its id; tell(fraction) as it advances, again() when a part is tried once more. */
export async function upload(file, chunk, tell, again, at = '/files/uploads') {
  const begun = await send(at, {
    headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name: file.name, size: file.size }),
  });
  const { id } = await begun.json();
  const url = `${at}/${id}`;
  let offset = 0;
  let failures = 0;
  for (;;) {
    try {
      const answer = await send(url, {
        method: 'PATCH', body: file.slice(offset, offset + chunk),
        headers: { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset) },
      });
      const now = await answer.json();
      offset = now.received;
      failures = 0;
      tell(offset / file.size);
      if (now.file_id) return now.file_id;
    } catch (failure) {
      const hopeless = failure.status && failure.status < 500 && ![409, 408, 429].includes(failure.status);
      if (hopeless || ++failures > RETRIES) throw failure;
      again();
      await wait(Math.min(30_000, 500 * 2 ** failures));
      const asked = await fetch(url, { method: 'HEAD', credentials: 'same-origin' }).catch(() => null);
      if (asked?.ok) offset = Number(asked.headers.get('Upload-Offset') ?? offset);
    }
  }
}

/** makes a file field upload as soon as a file is chosen. */
export function enhance(field) {
  const input = field.querySelector('input[type=file]');
  const id = field.querySelector('input[type=hidden]');
  const state = field.querySelector('.upload-state');
  const bar = state.querySelector('progress');
  const words = state.querySelector('p');
  const retry = state.querySelector('button');
  const name = input.name;
  const chunk = Number(field.dataset.chunk);

  const run = async () => {
    const file = input.files[0];
    if (!file) return;
    state.hidden = false;
    retry.hidden = true;
    bar.value = 0;
    if (file.size > Number(field.dataset.limit)) {
      words.textContent = field.dataset.sayLarge;
      input.value = '';
      return;
    }
    words.textContent = field.dataset.sayProgress;
    input.removeAttribute('name'); // the form sends the id, not the bytes once more
    try {
      id.value = await upload(file, chunk, (part) => {
        bar.value = part * 100;
        words.textContent = field.dataset.sayProgress;
      }, () => { words.textContent = field.dataset.sayRetry; }, field.dataset.at);
      bar.value = 100;
      words.textContent = `${file.name}: ${field.dataset.sayDone}`;
    } catch (failure) {
      const problem = failure.problem;
      words.textContent = problem?.errors?.[0]?.message ?? problem?.detail ?? field.dataset.sayFailed;
      retry.hidden = false;
      if (file.size <= chunk) input.name = name; // small enough to go with the form
    }
  };
  input.addEventListener('change', run);
  retry.addEventListener('click', run);
}
