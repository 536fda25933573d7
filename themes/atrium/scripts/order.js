// Putting modules, lessons and categories in order by dragging their grip, with a mouse, a pen or a finger. The arrow buttons
// do the same by keyboard and without a script. A list says what it holds by data-order, an item where a move is posted by
// data-move; what else a list says (data-module, data-parent) goes along. A closed module takes lessons by data-into.
import { csrf } from './http.js';

const root = document.getElementById('order');
const said = document.getElementById('order-said');
const edge = 56; // pixels from the window's edge within which it scrolls along
let moved = null;

const kindOf = (item) => item.parentElement.dataset.order;

async function post(item, fields) {
  const body = new URLSearchParams(fields);
  if (root.dataset.revision) body.set('revision', root.dataset.revision);
  const answer = await fetch(item.dataset.move, {
    method: 'POST', body, credentials: 'same-origin', headers: { Accept: 'application/json', 'X-CSRF-Token': csrf() },
  }).catch(() => null);
  return Boolean(answer?.ok);
}

function target(item, kind, x, y) {
  const over = document.elementsFromPoint(x, y);
  const find = (selector) => over.map((e) => e.closest(selector)).find((e) => e && e !== item && !item.contains(e));
  const beside = find(`[data-order="${kind}"] > li`);
  if (beside) return { beside };
  const empty = over.map((e) => e.closest(`[data-order="${kind}"]`)).find((e) => e && !e.children.length && !item.contains(e));
  if (empty) return { empty };
  return { into: kind === 'lessons' ? find('[data-into]') : null };
}

for (const grip of root?.querySelectorAll('.grip') ?? []) {
  const item = grip.closest('li');
  const before = { list: null, next: null };
  let into = null;
  const back = () => before.list.insertBefore(item, before.next);
  const end = () => {
    moved = null;
    item.classList.remove('dragging');
    into?.classList.remove('into');
  };
  grip.hidden = false;
  grip.addEventListener('pointerdown', (press) => {
    press.preventDefault();
    grip.setPointerCapture(press.pointerId);
    moved = item;
    before.list = item.parentElement;
    before.next = item.nextElementSibling;
    item.classList.add('dragging');
  });
  grip.addEventListener('pointermove', (move) => {
    if (moved !== item) return;
    if (move.clientY < edge) window.scrollBy(0, move.clientY - edge);
    else if (move.clientY > window.innerHeight - edge) window.scrollBy(0, move.clientY - window.innerHeight + edge);
    const found = target(item, kindOf(item), move.clientX, move.clientY);
    into?.classList.remove('into');
    into = found.into ?? null;
    into?.classList.add('into');
    if (found.beside) {
      const box = found.beside.getBoundingClientRect();
      found.beside[move.clientY < box.top + box.height / 2 ? 'before' : 'after'](item);
    } else if (found.empty) {
      found.empty.append(item);
    }
  });
  grip.addEventListener('pointerup', async () => {
    if (moved !== item) return;
    const list = item.parentElement;
    const goes = into;
    const stays = !goes && list === before.list && item.nextElementSibling === before.next;
    end();
    into = null;
    if (stays) return;
    const { order, revision, failed, ...rest } = list.dataset;
    const fields = goes ? { module: goes.dataset.into, position: '9999' } : { ...rest, position: String([...list.children].indexOf(item)) };
    if (await post(item, fields)) {
      location.reload(); // a move makes a new revision, which every form of the page carries
      return;
    }
    back();
    said.classList.remove('unseen');
    said.classList.add('note', 'warn');
    said.textContent = root.dataset.failed;
  });
  grip.addEventListener('pointercancel', () => {
    if (moved !== item) return;
    end();
    back();
  });
}
