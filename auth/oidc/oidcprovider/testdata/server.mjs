// An OpenID provider for Lyceum's tests, made of oidc-provider. Its configuration is the first line of the standard input,
// each further line is a command; it answers with one line of JSON each. It ends when its standard input does.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { Provider } from 'oidc-provider';

// The standard output is for answers alone.
console.log = console.error;
console.info = console.error;
console.warn = console.error;

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const makeKey = (alg) => {
  const { privateKey } = alg.startsWith('ES')
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg };
};

let config;
let current; // answers requests
let keys = [];
const server = createServer((req, res) => current.callback()(req, res));

// What is in progress (codes, sessions, interactions) outlives a provider: its keys are fixed when it is made, so rolling
// them makes another one.
const kept = new Map();

class Kept {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, payload) {
    kept.set(`${this.model}:${id}`, payload);
  }

  async find(id) {
    return kept.get(`${this.model}:${id}`);
  }

  async findByUid(uid) {
    return [...kept].find(([key, { uid: has }]) => key.startsWith(`${this.model}:`) && has === uid)?.[1];
  }

  async consume(id) {
    kept.get(`${this.model}:${id}`).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    kept.delete(`${this.model}:${id}`);
  }

  async revokeByGrantId(grantId) {
    for (const [key, payload] of kept) {
      if (payload.grantId === grantId) kept.delete(key);
    }
  }
}

const provider = () => {
  const made = new Provider(config.issuer, {
    clients: config.clients,
    adapter: Kept,
    // Its guard against calls into private networks would keep it from calling the tests' servers.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    jwks: { keys },
    cookies: { keys: ['for tests only'] },
    scopes: ['openid', 'email', 'profile', 'groups'],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'family_name', 'department'],
      groups: ['groups'],
    },
    conformIdTokenClaims: !config.claimsInToken,
    pkce: { required: () => true },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...config.people[id] }) }),
    acrValues: ['urn:lyceum:test'],
    features: {
      devInteractions: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'PS256'] },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
  });
  const note = (name) => (...args) => {
    const error = args.find((a) => a instanceof Error);
    console.error(name, error?.error_description, error?.error_detail, error?.cause ?? error?.stack);
  };
  for (const name of ['authorization.error', 'grant.error', 'end_session.error', 'backchannel.error', 'server_error']) {
    made.on(name, note(name));
  }
  return made;
};

const commands = {
  // The newest key signs; those before stay known.
  roll: () => {
    keys = [...['RS256', 'ES256', 'PS256'].map(makeKey), ...keys].slice(0, 9);
    current = provider();
    return {};
  },
  person: ({ id, claims }) => {
    config.people[id] = claims;
    return {};
  },
};

createInterface({ input: process.stdin }).on('line', async (line) => {
  try {
    const message = JSON.parse(line);
    if (config) {
      say(await commands[message.command](message));
      return;
    }
    config = message;
    await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    config.issuer = `http://127.0.0.1:${server.address().port}`;
    commands.roll();
    say({ issuer: config.issuer });
  } catch (error) {
    say({ error: String(error?.stack ?? error) });
  }
}).on('close', () => process.exit(0));
