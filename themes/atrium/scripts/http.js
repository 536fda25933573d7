// What every module that talks to the server needs.

export const csrf = () => document.querySelector('meta[name="csrf"]')?.content ?? '';

/** fetch with the CSRF value and JSON in both directions; throws on anything but success. */
export async function send(url, { method = 'POST', body, headers = {}, keepalive = false } = {}) {
  const answer = await fetch(url, {
    method, body, keepalive, credentials: 'same-origin',
    headers: { Accept: 'application/json', 'X-CSRF-Token': csrf(), ...headers },
  });
  if (!answer.ok) {
    const failure = new Error(String(answer.status));
    failure.status = answer.status;
    failure.problem = await answer.json().catch(() => null);
    throw failure;
  }
  return answer;
}

/** calls fn once, ms after the last call. */
export function settle(fn, ms) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => fn(...args), ms);
  };
}
