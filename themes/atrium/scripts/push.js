// Registers this browser as a device that one is told on, and says how it stands: not able, not on this phone before the portal is on its
// home screen, forbidden by the browser's settings, off or on.
import { send } from './http.js';
import { able, registered, worker } from './device.js';

const box = document.getElementById('this-device');
const failed = box.querySelector('[data-failed]');

function show(state) {
  for (const part of box.querySelectorAll('[data-state]')) part.hidden = part.dataset.state !== state;
  box.dataset.now = state;
  box.hidden = false;
}

const appleTouch = () => /iPad|iPhone/.test(navigator.userAgent) || (navigator.platform === 'MacIntel' && navigator.maxTouchPoints > 1);
const installed = () => matchMedia('(display-mode: standalone)').matches || navigator.standalone === true;

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));

async function look() {
  if (!able()) return show(appleTouch() && !installed() ? 'install' : 'unable');
  if (Notification.permission === 'denied') return show('denied');
  return show(await registered() ? 'on' : 'off');
}

async function turnOn() {
  if (await Notification.requestPermission() === 'denied') return show('denied');
  if (Notification.permission !== 'granted') return show('off');
  const { key } = await (await send('/notifications/devices/key', { method: 'GET' })).json();
  await navigator.serviceWorker.register(worker, { scope: '/' });
  const registration = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: bytes(key) };
  const manager = registration.pushManager;
  let subscription;
  try {
    subscription = await manager.subscribe(options);
  } catch (failure) { // it is another key's, of a time before
    const old = await manager.getSubscription();
    if (!old) throw failure;
    await old.unsubscribe();
    subscription = await manager.subscribe(options);
  }
  const { endpoint, keys } = subscription.toJSON();
  try {
    await send('/notifications/devices', { body: new URLSearchParams({ endpoint, p256dh: keys.p256dh, auth: keys.auth }) });
  } catch (failure) {
    await subscription.unsubscribe();
    throw failure;
  }
  location.reload();
}

box.querySelector('[data-on]').addEventListener('click', async (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  failed.hidden = true;
  try {
    await turnOn();
  } catch (failure) {
    failed.textContent = failure.problem?.detail ?? failed.dataset.failed;
    failed.hidden = false;
  } finally {
    button.disabled = false;
  }
});

look().catch(() => show('off'));
