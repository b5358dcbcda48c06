// A certified OpenID provider on this machine: node provider.mjs '{"client": {..}, "people": {"ada": {..claims}}}'
// It prints its issuer and serves until its input ends. Who logs in is what the browser says in `x-person`, for there is
// nobody to type a password; all else (codes, PKCE, tokens, keys, discovery) is the package's own.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const { client, people } = JSON.parse(process.argv[2]);
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [client],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    // Whoever logs in here wants to.
    async loadExistingGrant(ctx) {
      const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  });
  const serve = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url.startsWith('/interaction/')) return serve(request, response);
    const person = request.headers['x-person'];
    const result = person
      ? { login: { accountId: person } }
      : { error: 'access_denied', error_description: 'nobody wants to log in' };
    return provider.interactionFinished(request, response, result).catch(() => response.destroy());
  });
  console.log(issuer);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
