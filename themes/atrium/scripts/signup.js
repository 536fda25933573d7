// Signing up: proposes an address from the organization's name and tells while typing whether it is free.
import { settle } from './http.js';

const form = document.getElementById('signup');
const { organization, slug } = form.elements;
const state = document.getElementById('slug-state');
let own = slug.value !== ''; // the person chose it: no more proposals

const propose = (name) => name.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').replace(/ß/g, 'ss').toLowerCase()
  .replace(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+|-+$/g, '').slice(0, 40).replace(/-+$/, '');

const ask = settle(async () => {
  const wish = slug.value.trim().toLowerCase();
  state.textContent = '';
  if (wish.length < 3) return;
  const answer = await fetch(`${form.dataset.available}?slug=${encodeURIComponent(wish)}`, { headers: { Accept: 'application/json' } }).catch(() => null);
  if (!answer?.ok || wish !== slug.value.trim().toLowerCase()) return;
  const { available, text } = await answer.json();
  state.textContent = text;
  state.className = `small ${available ? 'good' : 'bad'}`;
}, 300);

organization.addEventListener('input', () => {
  if (own) return;
  slug.value = propose(organization.value);
  ask();
});
slug.addEventListener('input', () => { own = slug.value !== ''; ask(); });
