// Passkeys: fills a form's hidden field "credential" with what the browser's authenticator answers, and sends the form. Without
// this module the buttons stay off, and the other ways work.
import { send } from './http.js';

const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
const named = (list) => (list ?? []).map((c) => ({ ...c, id: bytes(c.id) }));

let waiting; // the quiet question under way at a sign-in form: a browser answers one at a time

async function options(form, kind) {
  const answer = await send(form.dataset.options, kind === 'sign-in' ? { method: 'GET' } : {});
  const { publicKey } = await answer.json();
  publicKey.challenge = bytes(publicKey.challenge);
  if (publicKey.user) publicKey.user.id = bytes(publicKey.user.id);
  publicKey.allowCredentials = named(publicKey.allowCredentials);
  publicKey.excludeCredentials = named(publicKey.excludeCredentials);
  return publicKey;
}

/** what the server reads: PublicKeyCredential.toJSON(), which not every browser has. */
function written(credential) {
  const { response } = credential;
  const out = {
    id: credential.id, rawId: text(credential.rawId), type: credential.type, clientExtensionResults: {},
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    response: { clientDataJSON: text(response.clientDataJSON) },
  };
  for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (response[name]) out.response[name] = text(response[name]);
  }
  if (response.getTransports) out.response.transports = response.getTransports();
  return JSON.stringify(out);
}

function deliver(form, credential) {
  form.elements.credential.value = written(credential);
  form.submit(); // not requestSubmit: the listener below would ask again
}

async function ask(form) {
  const kind = form.dataset.passkey;
  const failed = form.querySelector('[data-failed]');
  const button = form.querySelector('button');
  failed.hidden = true;
  button.disabled = true;
  try {
    waiting?.abort();
    const publicKey = await options(form, kind);
    deliver(form, await (kind === 'create' ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey })));
  } catch (failure) {
    if (failure.problem?.code === 'step_up_required') {
      location.assign(`/step-up?next=${encodeURIComponent(location.pathname)}`);
      return;
    }
    failed.hidden = false;
    button.disabled = false;
  }
}

/** offers passkeys among what the browser fills in for the e-mail (conditional mediation, WebAuthn Level 3 §5.1.4). */
async function offer(form) {
  if (!await PublicKeyCredential.isConditionalMediationAvailable?.()) return;
  try {
    waiting = new AbortController();
    const { signal } = waiting;
    const publicKey = await options(form, 'sign-in');
    if (!signal.aborted) deliver(form, await navigator.credentials.get({ publicKey, mediation: 'conditional', signal }));
  } catch { /* nobody chose one, or the button was pressed: the form is there */ }
}

if (window.PublicKeyCredential && navigator.credentials) {
  for (const form of document.querySelectorAll('form[data-passkey]')) {
    form.querySelector('button').disabled = false;
    const none = form.querySelector('[data-none]');
    if (none) none.hidden = true;
    form.addEventListener('submit', (event) => { event.preventDefault(); ask(form); });
    if (form.dataset.passkey === 'sign-in') {
      form.hidden = false;
      offer(form);
    }
  }
}
