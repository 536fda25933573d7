// Brings what the person is told to the open page: the bell's count, a line for screen readers, a note to click. One tab
// of the browser listens (server-sent events) and tells the others; a browser without them, and a server that has too many
// listeners, are asked every minute. After a broken line the browser says what it saw last, so nothing is lost; what comes
// twice is shown once.
const bells = [...document.querySelectorAll('[data-bell]')];
const said = document.getElementById('news');
const toasts = document.getElementById('toasts');
const live = '/notifications/live';
const every = 60000;
const keep = 12000;
const most = 3;

const words = bells[0].dataset;
let newest = words.newest;
const seen = new Set(JSON.parse(sessionStorage.getItem('notices') ?? '[]'));
const tabs = 'BroadcastChannel' in window ? new BroadcastChannel('lyceum-notices') : null;
let source = null;
let timer = 0;

function count(n) {
  for (const bell of bells) {
    const number = bell.querySelector('.bell-count');
    number.hidden = n === 0;
    number.textContent = n > 99 ? '99+' : String(n);
    bell.querySelector('.unseen').textContent = n === 0 ? words.none : words.some.replace('{count}', n);
  }
}

function toast(item) {
  const box = document.createElement('div');
  box.className = 'toast';
  const link = document.createElement('a');
  link.href = `/notifications/${item.id}`;
  link.textContent = item.text;
  const close = document.createElement('button');
  close.type = 'button';
  close.textContent = '×';
  close.setAttribute('aria-label', words.close);
  box.append(link, close);
  let leave = setTimeout(() => box.remove(), keep);
  const stay = () => clearTimeout(leave);
  const go = () => { stay(); leave = setTimeout(() => box.remove(), keep); };
  close.addEventListener('click', () => box.remove());
  box.addEventListener('pointerenter', stay);
  box.addEventListener('focusin', stay);
  box.addEventListener('pointerleave', go);
  box.addEventListener('focusout', go);
  toasts.append(box);
  while (toasts.children.length > most) toasts.firstChild.remove();
}

function take(item) {
  if (item.unread !== undefined) count(item.unread);
  if (!item.id || seen.has(item.id)) return;
  seen.add(item.id);
  if (item.id > newest) newest = item.id;
  sessionStorage.setItem('notices', JSON.stringify([...seen].slice(-100)));
  if (item.read) return;
  said.textContent = item.text;
  toast(item);
}

function heard(event) {
  const item = JSON.parse(event.data);
  take(item);
  tabs?.postMessage(item);
}

async function ask() {
  try {
    const answer = await fetch(`${live}/standing?after=${newest}`, { headers: { Accept: 'application/json' }, credentials: 'same-origin' });
    if (answer.status === 401) return;
    if (answer.ok) {
      const { unread, items } = await answer.json();
      for (const item of items) { take(item); tabs?.postMessage(item); }
      count(unread);
      tabs?.postMessage({ unread });
    }
  } catch { /* the network is away: the next time will tell */ }
  timer = setTimeout(ask, every);
}

function listen() {
  if (!('EventSource' in window)) {
    timer = setTimeout(ask, every);
    return;
  }
  source = new EventSource(`${live}?after=${newest}`);
  source.addEventListener('notice', heard);
  source.addEventListener('standing', heard);
  source.addEventListener('error', () => {
    if (source?.readyState !== EventSource.CLOSED) return; // it comes back by itself
    source = null;
    ask();
  });
}

function end() {
  source?.close();
  source = null;
  clearTimeout(timer);
}

function begin() {
  if (!navigator.locks || !tabs) {
    listen();
    return;
  }
  navigator.locks.request('lyceum-notices', () => { listen(); return new Promise(() => {}); }).catch(listen);
}

// Once in a tab: a browser that is to be told in says so, and one that somebody else was told in is told no more.
if (window.Notification?.permission === 'granted' && 'serviceWorker' in navigator && !sessionStorage.getItem('device')) {
  sessionStorage.setItem('device', 'seen');
  import('./device.js').then(({ able, registered }) => able() && registered()).catch(() => sessionStorage.removeItem('device'));
}

tabs?.addEventListener('message', ({ data }) => take(data));
addEventListener('pagehide', end);
addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
begin();
