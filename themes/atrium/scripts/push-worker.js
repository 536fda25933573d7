// Shows what the portal sends to this device, also while no page of it is open, and leads to its page. It is given at /push-worker.js and
// answers no requests of pages.
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('push', (event) => {
  let message = {};
  try { message = event.data.json(); } catch { /* nothing that is ours: a browser wants something shown all the same */ }
  const { title = self.location.host, body = '', path = '/notifications', tag, icon, lang } = message;
  event.waitUntil(self.registration.showNotification(title, { body, tag, icon, lang, data: { path } }));
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const to = new URL(event.notification.data?.path ?? '/notifications', self.location.origin);
  if (to.origin !== self.location.origin) return;
  event.waitUntil((async () => {
    const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
    const open = pages.find((page) => page.url === to.href);
    if (open) await open.focus(); else await self.clients.openWindow(to.href);
  })());
});

// The push service ended the subscription: a new one takes its place, where the session still holds.
self.addEventListener('pushsubscriptionchange', (event) => {
  event.waitUntil((async () => {
    const before = event.oldSubscription;
    if (!before) return;
    const next = event.newSubscription ?? await self.registration.pushManager.subscribe(before.options);
    const { endpoint, keys } = next.toJSON();
    await fetch('/notifications/devices/renew', {
      method: 'POST', credentials: 'same-origin', body: new URLSearchParams({ before: before.endpoint, endpoint, p256dh: keys.p256dh, auth: keys.auth }),
    });
  })());
});
