import { LRUCache } from 'lru-cache';
import type { AccessKey } from '../../platform/credentials/authenticate.ts';
import type { AcrossUserPools, Database } from '../../platform/database/database.ts';
import { newId, newSecret } from '../../platform/ids.ts';
import type { Handlers } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import type * as contract from './contract.ts';
import { accessKeyErrors } from './contract.ts';
import {
  type AccessKeyRow,
  deleteAccessKeyRow,
  findAccessKeyRow,
  findCredential,
  insertAccessKey,
  isUser,
  listAccessKeys,
  touchAccessKeys,
  updateAccessKeyEnabled,
} from './store.ts';

const mask = '********';

/** `forget` makes this process ask the database for a key again; other processes are told by the database. */
export function createAccessKeysService(seal: Seal, forget: AccessKeyDirectory['forget']): Handlers<typeof contract> {
  return {
    async createAccessKey({ type, userId, tenantId }, { scope, audit }) {
      if (type !== 'userpool' && type !== 'tenant' && type !== 'user') throw accessKeyErrors.typeUnknown({ type });
      // Tenants are resolved against the tenants of the user pool, and there are none yet.
      if (type === 'tenant' || tenantId) throw accessKeyErrors.tenantNotFound();
      if ((type === 'user' || userId) && !(await isUser(scope, userId ?? ''))) throw accessKeyErrors.userNotFound();
      const id = newId();
      const secret = newSecret();
      const sealed = seal.seal(secret, accessKeySecretContext(scope.userPoolId, id));
      const rows = await insertAccessKey(scope, scope.userPoolId, id, type, userId || null, sealed);
      audit({ target: id });
      return rows.map((row) => toAccessKeyDto(row, secret));
    },

    async deleteAccessKey({ accessKeyId }, { scope, afterCommit }) {
      if (!(await deleteAccessKeyRow(scope, accessKeyId))) throw accessKeyErrors.notFound();
      afterCommit(() => forget(accessKeyId));
    },

    async getAccessKey({ accessKeyId, userId }, { scope }) {
      const row = await findAccessKeyRow(scope, accessKeyId);
      if (row === undefined || (userId && row.userId !== userId)) throw accessKeyErrors.notFound();
      return [toAccessKeyDto(row, mask)];
    },

    async getAccessKeyList({ userId, tenantId, type, status }, { scope }) {
      if (tenantId) throw accessKeyErrors.tenantNotFound();
      const states = status?.flatMap((one) => (one === 'activated' ? [true] : one === 'revoked' ? [false] : []));
      const rows = await listAccessKeys(scope, userId || null, type ?? null, states ?? null);
      return rows.map((row) => toAccessKeyDto(row, mask));
    },

    async updateAccessKey({ accessKeyId, enable }, { scope, afterCommit }) {
      if (!(await updateAccessKeyEnabled(scope, accessKeyId, enable))) throw accessKeyErrors.notFound();
      afterCommit(() => forget(accessKeyId));
      return { success: true };
    },
  };
}

function toAccessKeyDto(row: AccessKeyRow, accessKeySecret: string) {
  const { id, userPoolId, userId, enabled, lastUsedAt, createdAt } = row;
  return {
    accessKeyId: id,
    accessKeySecret,
    userId,
    createdAt,
    status: enabled ? ('activated' as const) : ('revoked' as const),
    lastDate: lastUsedAt,
    userPoolId,
    enable: enabled,
  };
}

/** What an access key's sealed secret is bound to. */
function accessKeySecretContext(userPoolId: string, id: string): string {
  return `access_keys/${userPoolId}/${id}`;
}

/** Finds keys for credentials, and remembers them for as long as it is sure to hear of their changes. */
export interface AccessKeyDirectory {
  find(id: string): Promise<AccessKey | undefined>;
  /** A key changed, or the user pool of that id. */
  forget(id: string): void;
  /** Changes made by other processes are heard of from now on, so keys may be remembered. */
  trust(): void;
  /** They are not: every look-up asks the database. */
  distrust(): void;
  /** Writes down when keys were last used. */
  flushUses(): Promise<void>;
}

interface DirectoryDependencies {
  readonly database: Database;
  readonly seal: Seal;
  readonly userPoolSecretContext: (userPoolId: string) => string;
  readonly now: () => number;
}

export function createAccessKeyDirectory({
  database,
  seal,
  userPoolSecretContext,
  now,
}: DirectoryDependencies): AccessKeyDirectory {
  const known = new LRUCache<string, AccessKey>({ max: 10_000 });
  const uses = new Map<string, number>();
  // A change that commits while a key is being read must win over what was read.
  let changes = 0;
  let isTrusted = false;

  const load = async (id: string): Promise<AccessKey | undefined> => {
    const changesBefore = changes;
    const row = await database.acrossUserPools((across) => findCredential(across, id));
    if (row === undefined) return undefined;
    const { userPoolId, userId, tokenGeneration, rateLimitPerSecond, isUserPool, secretSealed } = row;
    const context = isUserPool ? userPoolSecretContext(userPoolId) : accessKeySecretContext(userPoolId, id);
    const key = {
      id,
      userPoolId,
      secret: seal.open(secretSealed, context),
      tokenGeneration,
      rateLimitPerSecond,
      ...(userId === null ? {} : { userId }),
    };
    if (isTrusted && changes === changesBefore) known.set(id, key);
    return key;
  };

  return {
    async find(id) {
      if (!/^[0-9a-f]{24}$/.test(id)) return undefined;
      const key = known.get(id) ?? (await load(id));
      if (key !== undefined && key.id !== key.userPoolId) uses.set(id, now());
      return key;
    },
    forget(id) {
      changes += 1;
      known.delete(id);
      // Keys of a pool carry its rate limit.
      for (const [keyId, key] of known.entries()) if (key.userPoolId === id) known.delete(keyId);
    },
    trust() {
      isTrusted = true;
    },
    distrust() {
      isTrusted = false;
      changes += 1;
      known.clear();
    },
    async flushUses() {
      if (uses.size === 0) return;
      const entries = [...uses];
      uses.clear();
      await database.acrossUserPools((across: AcrossUserPools) =>
        touchAccessKeys(
          across,
          entries.map(([id]) => id),
          entries.map(([, at]) => new Date(at)),
        ),
      );
    },
  };
}
