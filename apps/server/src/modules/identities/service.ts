import type * as z from 'zod';
import type { Scope } from '../../platform/database/database.ts';
import { newId } from '../../platform/ids.ts';
import type { Handlers } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import {
  type identityFields,
  listIdentities,
  listUsersByIds,
  requireUserId,
  toIdentityDto,
  toUserDto,
  userErrors,
} from '../user-directory/index.ts';
import type * as contract from './contract.ts';
import { identityErrors, userAccountLinked, userAccountUnlinked } from './contract.ts';
import {
  deleteIdentities,
  findHolder,
  insertIdentities,
  listSources,
  type NewIdentity,
  rememberSources,
} from './store.ts';

/** What is said of an account when its user is made. */
export type GivenIdentity = Pick<
  { readonly [Name in keyof typeof identityFields]: z.output<(typeof identityFields)[Name]> },
  'extIdpId' | 'provider' | 'type' | 'userIdInIdp'
> & {
  readonly userInfoInIdp?: Readonly<Record<string, unknown>> | undefined;
  readonly originConnIds?: readonly string[] | undefined;
  readonly accessToken?: string | null | undefined;
  readonly refreshToken?: string | null | undefined;
};

/** The accounts a new user comes with. */
export interface UserIdentities {
  readonly userId: string;
  readonly identities: readonly GivenIdentity[];
}

/**
 * Links accounts to new users, all or none. Answers the place of the first that somebody has already: which user, which
 * of his accounts. A source that was never named before is known from now on, of the provider named with it.
 */
export async function linkIdentities(
  scope: Scope,
  seal: Seal,
  given: readonly UserIdentities[],
  now: number,
): Promise<{ user: number; identity: number } | undefined> {
  const all = given.flatMap(({ userId, identities }, user) =>
    identities.map((one, identity) => ({ ...one, userId, user, identity, id: newId(now) })),
  );
  if (all.length === 0) return undefined;
  await rememberSources(
    scope,
    all.map(({ extIdpId, provider }) => ({ id: extIdpId, provider })),
  );
  const ids = [...new Set(all.map(({ extIdpId }) => extIdpId))];
  const providers = new Map((await listSources(scope, ids)).map(({ id, provider }) => [id, provider]));
  for (const { extIdpId, provider: named } of all) {
    const provider = providers.get(extIdpId);
    if (provider === undefined) throw identityErrors.sourceNotFound({ extIdpId });
    if (provider !== named) throw identityErrors.otherProvider({ extIdpId, provider });
  }
  const linked = new Set(
    await insertIdentities(
      scope,
      all.map((one) => toNewIdentity(scope, seal, one)),
    ),
  );
  return all.find(({ id }) => !linked.has(id));
}

function toNewIdentity(
  scope: Scope,
  seal: Seal,
  { id, userId, extIdpId, type, userIdInIdp, ...one }: Omit<GivenIdentity, 'provider'> & { id: string; userId: string },
): NewIdentity {
  const sealed = (name: string, token: string | null | undefined) =>
    token ? seal.seal(token, `identities/${scope.userPoolId}/${id}/${name}`) : null;
  return {
    id,
    userId,
    extIdpId,
    type,
    userIdInIdp,
    userInfoInIdp: one.userInfoInIdp ?? {},
    originConnIds: one.originConnIds ?? [],
    accessTokenSealed: sealed('access_token', one.accessToken),
    refreshTokenSealed: sealed('refresh_token', one.refreshToken),
  };
}

export function createIdentitiesService(seal: Seal): Handlers<typeof contract> {
  return {
    async getUserIdentities({ userId, userIdType }, { scope }) {
      const id = await requireUserId(scope, userId, userIdType);
      return (await listIdentities(scope, [id])).map(toIdentityDto);
    },

    async linkIdentity({ userId, extIdpId, userIdInIdp, type }, { scope, emit, now }) {
      const user = await requireUser(scope, userId);
      const [source] = await listSources(scope, [extIdpId]);
      if (source === undefined) throw identityErrors.sourceNotFound({ extIdpId });
      const account = { id: newId(now), userId, extIdpId, userIdInIdp, type: type || 'generic' };
      const identity = toNewIdentity(scope, seal, account);
      const [linked] = await insertIdentities(scope, [identity]);
      if (linked === undefined) {
        if ((await findHolder(scope, identity)) === userId) return { success: true };
        throw identityErrors.alreadyLinked();
      }
      emit(userAccountLinked, {
        user: toUserDto(user),
        identity: toIdentityDto({ ...identity, provider: source.provider }),
      });
      return { success: true };
    },

    async unlinkIdentity({ userId, extIdpId, type }, { scope, emit }) {
      const user = await requireUser(scope, userId);
      const before = await listIdentities(scope, [userId]);
      const removed = new Set(await deleteIdentities(scope, userId, extIdpId, type || null));
      const identities = before.filter(({ id }) => removed.has(id)).map(toIdentityDto);
      emit(userAccountUnlinked, ...identities.map((identity) => ({ user: toUserDto(user), identity })));
      return { success: true };
    },
  };
}

async function requireUser(scope: Scope, userId: string) {
  const [user] = await listUsersByIds(scope, [userId], false);
  if (user === undefined) throw userErrors.notFound();
  return user;
}
