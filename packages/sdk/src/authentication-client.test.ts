import { expect, test } from 'vitest';
import { AuthenticationClient } from './authentication-client.ts';

const options = { appId: 'app', appSecret: 'secret', appHost: 'id.example.com/' };

test('knows the endpoints of its application', () => {
  const client = new AuthenticationClient(options);
  expect(client.endpoints).toMatchObject({
    issuer: 'https://id.example.com/oidc',
    authorization: 'https://id.example.com/oidc/auth',
    token: 'https://id.example.com/oidc/token',
    jwks: 'https://id.example.com/oidc/.well-known/jwks.json',
  });
  expect(new AuthenticationClient({ ...options, protocol: 'oauth' }).endpoints.token).toBe(
    'https://id.example.com/oauth/token',
  );
});

test('leaves the options that it was given alone', () => {
  const given = Object.freeze({ ...options });
  expect(new AuthenticationClient(given).options).toMatchObject({ scope: 'openid profile', protocol: 'oidc' });
});

test.each([
  [{ appId: '' }, 'appId is required'],
  [{ appHost: '' }, 'appHost is required'],
  [{ appSecret: undefined }, 'appSecret is required'],
  [{ scope: 'profile openid_like' }, 'scope must contain openid'],
])('refuses %j', (change, message) => {
  expect(() => new AuthenticationClient({ ...options, ...change })).toThrow(message);
});

test('a public application has no secret', () => {
  const client = new AuthenticationClient({ ...options, appSecret: undefined, tokenEndPointAuthMethod: 'none' });
  expect(client.options.tokenEndPointAuthMethod).toBe('none');
});
