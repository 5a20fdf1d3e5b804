import { canonicalHost, type Lang } from './options.ts';

type ClientAuthentication = 'client_secret_post' | 'client_secret_basic' | 'none';

/** Which application an `AuthenticationClient` signs users in to, and how. */
export interface AuthenticationClientInitOptions {
  /** Application id. */
  readonly appId: string;
  /** Secret of the application; needed unless `tokenEndPointAuthMethod` is `none`. */
  readonly appSecret?: string | undefined;
  /** Address of the application's sign-in pages: `https://example.com`. */
  readonly appHost: string;
  /** Access token of the user that calls are made for. */
  readonly accessToken?: string | undefined;
  /** Where the browser returns after signing in. */
  readonly redirectUri?: string | undefined;
  /** Where the browser returns after signing out. */
  readonly logoutRedirectUri?: string | undefined;
  /**
   * What the application asks for, separated by blanks; `openid` must be among it.
   *
   * @default 'openid profile'
   */
  readonly scope?: string | undefined;
  /** @default 'oidc' */
  readonly protocol?: 'oidc' | 'oauth' | 'saml' | 'cas' | undefined;
  /** @default 'client_secret_post' */
  readonly tokenEndPointAuthMethod?: ClientAuthentication | undefined;
  /** @default 'client_secret_post' */
  readonly introspectionEndPointAuthMethod?: ClientAuthentication | undefined;
  /** @default 'client_secret_post' */
  readonly revocationEndPointAuthMethod?: ClientAuthentication | undefined;
  /** Cookie that remembers a sign-in on its way. */
  readonly cookieKey?: string | undefined;
  /** Language of messages. */
  readonly lang?: Lang | undefined;
  /**
   * Milliseconds that a call may take.
   *
   * @default 10000
   */
  readonly timeout?: number | undefined;
}

/** Where an application's sign-in happens. */
export interface Endpoints {
  /** What tokens name as their issuer (`iss`). */
  readonly issuer: string;
  readonly authorization: string;
  readonly token: string;
  readonly userInfo: string;
  readonly introspection: string;
  readonly revocation: string;
  readonly endSession: string;
  readonly jwks: string;
  readonly discovery: string;
}

/** Signs users in to one application. So far it checks its options and knows where the application's endpoints are. */
export class AuthenticationClient {
  /** The options, with the defaults filled in. */
  readonly options: AuthenticationClientInitOptions &
    Required<Pick<AuthenticationClientInitOptions, 'scope' | 'protocol' | 'tokenEndPointAuthMethod' | 'timeout'>>;

  /**
   * @example
   * const client = new AuthenticationClient({
   *   appId: '64f0c2a1b3d4e5f607182940',
   *   appSecret: 'the secret of the application',
   *   appHost: 'https://example.com',
   *   redirectUri: 'https://app.example.com/callback',
   * });
   * console.log(client.endpoints.authorization);
   */
  constructor(options: AuthenticationClientInitOptions) {
    const { scope = 'openid profile', protocol = 'oidc', tokenEndPointAuthMethod = 'client_secret_post' } = options;
    if (!options.appId) throw new Error('appId is required');
    if (!options.appHost) throw new Error('appHost is required');
    if (tokenEndPointAuthMethod !== 'none' && !options.appSecret) {
      throw new Error('appSecret is required unless tokenEndPointAuthMethod is none');
    }
    if (!scope.split(' ').includes('openid')) throw new Error('scope must contain openid');
    this.options = {
      ...options,
      appHost: canonicalHost(options.appHost),
      scope,
      protocol,
      tokenEndPointAuthMethod,
      timeout: options.timeout ?? 10_000,
    };
  }

  /** The endpoints of OpenID Connect, or of plain OAuth 2 where that is the protocol. */
  get endpoints(): Endpoints {
    const { appHost, protocol } = this.options;
    const base = `${appHost}/${protocol === 'oauth' ? 'oauth' : 'oidc'}`;
    return {
      issuer: `${appHost}/oidc`,
      authorization: `${base}/auth`,
      token: `${base}/token`,
      userInfo: `${base}/me`,
      introspection: `${base}/token/introspection`,
      revocation: `${base}/token/revocation`,
      endSession: `${appHost}/oidc/session/end`,
      jwks: `${appHost}/oidc/.well-known/jwks.json`,
      discovery: `${appHost}/oidc/.well-known/openid-configuration`,
    };
  }
}
