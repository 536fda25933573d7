// The search box of the bar offers what is found while one types: a combobox with a list (WAI-ARIA 1.2). Without a script
// it is a form that leads to /search.
import { settle } from './http.js';

const form = document.querySelector('.bar-search');
if (form) {
  const input = form.querySelector('input');
  const list = document.getElementById('bar-found');
  const said = document.getElementById('bar-said');
  let turn = 0;
  let on = -1;

  input.setAttribute('role', 'combobox');
  input.setAttribute('aria-autocomplete', 'list');
  input.setAttribute('aria-controls', list.id);
  input.setAttribute('aria-expanded', 'false');

  const options = () => [...list.children];
  const close = () => {
    list.hidden = true;
    on = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const point = (to) => {
    const all = options();
    all[on]?.setAttribute('aria-selected', 'false');
    on = to;
    if (on < 0) {
      input.removeAttribute('aria-activedescendant');
      return;
    }
    all[on].setAttribute('aria-selected', 'true');
    all[on].scrollIntoView({ block: 'nearest' });
    input.setAttribute('aria-activedescendant', all[on].id);
  };

  const words = (pieces, tag) => {
    const line = document.createElement(tag);
    for (const { text, hit } of pieces) {
      if (!hit) {
        line.append(text);
        continue;
      }
      const mark = document.createElement('mark');
      mark.textContent = text;
      line.append(mark);
    }
    return line;
  };
  const option = ({ path, title, excerpt, about }, i) => {
    const item = document.createElement('li');
    item.id = `bar-found-${i}`;
    item.setAttribute('role', 'option');
    item.setAttribute('aria-selected', 'false');
    item.dataset.path = path;
    const small = document.createElement('small');
    small.textContent = about;
    item.append(words(title, 'strong'), small);
    if (excerpt?.length) item.append(words(excerpt, 'span'));
    return item;
  };
  const everything = (i) => {
    const url = `${form.action}?${new URLSearchParams({ q: input.value })}`;
    return option({ path: url, title: [{ text: form.dataset.all }], about: '' }, i);
  };

  const look = settle(async () => {
    const asked = ++turn;
    const q = input.value.trim();
    if (!q) {
      close();
      return;
    }
    const answer = await fetch(`${form.dataset.suggest}?${new URLSearchParams({ q })}`, { credentials: 'same-origin', headers: { Accept: 'application/json' } }).catch(() => null);
    if (asked !== turn || !answer?.ok || document.activeElement !== input) return;
    const { items } = await answer.json();
    if (asked !== turn) return;
    said.textContent = items.length ? form.dataset.some.replace('#', items.length) : form.dataset.none;
    if (!items.length) {
      close();
      return;
    }
    list.replaceChildren(...items.map(option), everything(items.length));
    on = -1;
    input.removeAttribute('aria-activedescendant');
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
  }, 120);

  input.addEventListener('input', look);
  input.addEventListener('focus', () => { if (input.value.trim()) look(); });
  input.addEventListener('blur', () => { turn++; close(); });
  input.addEventListener('keydown', (press) => {
    const n = options().length;
    if (press.key === 'Escape' && !list.hidden) {
      press.preventDefault();
      close();
    } else if ((press.key === 'ArrowDown' || press.key === 'ArrowUp') && !list.hidden) {
      press.preventDefault();
      const step = press.key === 'ArrowDown' ? 1 : -1;
      point(on < 0 && step < 0 ? n - 1 : on + step >= n ? -1 : on + step);
    } else if (press.key === 'ArrowDown') {
      look();
    } else if (press.key === 'Enter' && on >= 0) {
      press.preventDefault();
      location.assign(options()[on].dataset.path);
    }
  });
  list.addEventListener('pointerdown', (press) => press.preventDefault()); // the field keeps the focus
  list.addEventListener('click', (press) => {
    const item = press.target.closest('[role=option]');
    if (item) location.assign(item.dataset.path);
  });
  document.addEventListener('keydown', (press) => {
    if (press.key !== '/' || press.ctrlKey || press.metaKey || press.altKey || press.target.closest('input, textarea, select, [contenteditable]')) return;
    if (!input.checkVisibility()) return;
    press.preventDefault();
    input.focus();
    input.select();
  });
}
