// Moving modules and lessons by dragging their grip. The arrow buttons do the same by keyboard and without a script.
import { csrf } from './http.js';

const modules = document.querySelector('[data-order="modules"]');
const said = document.getElementById('order-said');
let moved = null;

const listOf = (item) => (item.classList.contains('module') ? modules : item.closest('[data-order="lessons"]'));

async function place(item) {
  const list = listOf(item);
  const position = [...list.children].indexOf(item);
  const body = new URLSearchParams({ revision: modules.dataset.revision, position: String(position) });
  if (list.dataset.module) body.set('module', list.dataset.module);
  const answer = await fetch(item.dataset.move, {
    method: 'POST', body, credentials: 'same-origin', headers: { Accept: 'application/json', 'X-CSRF-Token': csrf() },
  }).catch(() => null);
  if (!answer?.ok) said.textContent = modules.dataset.failed;
  location.reload(); // a move makes a new revision, which every form of the page carries
}

for (const grip of document.querySelectorAll('.grip')) {
  const item = grip.closest('li');
  grip.hidden = false;
  grip.addEventListener('pointerdown', (press) => {
    press.preventDefault();
    grip.setPointerCapture(press.pointerId);
    moved = item;
    item.classList.add('dragging');
  });
  grip.addEventListener('pointermove', (move) => {
    if (moved !== item) return;
    const kind = item.classList.contains('module') ? '.module' : '.lessons > li';
    const over = document.elementsFromPoint(move.clientX, move.clientY);
    const target = over.map((e) => e.closest(kind)).find((e) => e && e !== item);
    if (target) {
      const box = target.getBoundingClientRect();
      target[move.clientY < box.top + box.height / 2 ? 'before' : 'after'](item);
      return;
    }
    const empty = over.map((e) => e.closest('[data-order="lessons"]')).find((e) => e && !e.children.length);
    if (empty && kind !== '.module') empty.append(item);
  });
  const drop = () => {
    if (moved !== item) return;
    moved = null;
    item.classList.remove('dragging');
    place(item);
  };
  const before = { list: null, next: null };
  grip.addEventListener('pointerdown', () => { before.list = item.parentElement; before.next = item.nextElementSibling; });
  grip.addEventListener('pointerup', () => {
    if (item.parentElement === before.list && item.nextElementSibling === before.next) {
      moved = null;
      item.classList.remove('dragging');
      return;
    }
    drop();
  });
  grip.addEventListener('pointercancel', () => {
    before.list.insertBefore(item, before.next);
    moved = null;
    item.classList.remove('dragging');
  });
}
