// Whether this browser is one of the devices that the person who is signed in here is told on.
import { send } from './http.js';

export const worker = '/push-worker.js';
export const able = () => 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;

/** gives the subscription of this browser that the portal knows as this person's, null for none. One that it does not know is ended:
 *  somebody signed out, or was here before. */
export async function registered() {
  const registration = await navigator.serviceWorker.getRegistration('/');
  const subscription = await registration?.pushManager.getSubscription();
  if (!subscription) return null;
  const answer = await send('/notifications/devices/seen', { body: new URLSearchParams({ endpoint: subscription.endpoint }) });
  if ((await answer.json()).mine) return subscription;
  await subscription.unsubscribe();
  return null;
}
