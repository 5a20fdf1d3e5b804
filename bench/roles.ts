import { type Case, type ComparisonOptions, compare, type ReadCall, readCase } from './comparison.ts';
import { requestBuilder } from './http-load.ts';
import { createRandom } from './random.ts';
import { commonRole, heavy, heavyRole, seedRoles } from './role-dataset.ts';
import type { Size, Stage } from './stage.ts';

/** Measures what a user holds: one with a few roles, and one with everything. */
export function benchRoles(options: ComparisonOptions): Promise<void> {
  return compare(options, async (small, large) => {
    await seedRoles(small, options.small);
    await seedRoles(large, options.large);
    return { small: roleCases(small, options.small), large: roleCases(large, options.large) };
  });
}

function roleCases({ dataset, server, authorization }: Stage, { users }: Size): Case[] {
  const random = createRandom(11);
  const build = requestBuilder(server.origin, authorization);
  const heavyUser = () => dataset.userId(random.below(heavy.users));
  // As many different users in the large pool as in the small one.
  const common = Array.from({ length: 2_000 }, () => heavy.users + random.below(users - heavy.users));
  const commonUser = () => common[random.below(common.length)] ?? 0;

  const reading = (name: string, call: () => ReadCall): Case => {
    const calls = Array.from({ length: 1000 }, call);
    return readCase(
      name,
      calls,
      calls.map(({ method, path, input }) => (method === 'GET' ? build.get(path) : build.post(path, input))),
    );
  };
  const rolesOf = (userId: string): ReadCall => ({ method: 'GET', path: `/api/v3/get-user-roles?userId=${userId}` });
  const hasAny = (userId: string, codes: readonly string[]): ReadCall => ({
    method: 'POST',
    path: '/api/v3/has-any-role',
    input: { userId, roles: codes.map((code) => ({ code })) },
  });
  return [
    reading('get-user-roles, one role', () => rolesOf(dataset.userId(commonUser()))),
    reading('get-user-roles, 500 roles of 20 departments and 50 groups', () => rolesOf(heavyUser())),
    reading('has-any-role, one role', () => {
      const index = commonUser();
      return hasAny(dataset.userId(index), [commonRole(index)]);
    }),
    reading('has-any-role, an inherited one of 500', () => hasAny(heavyUser(), [heavyRole(random.below(heavy.roles))])),
    reading('has-any-role, ten that he does not hold, of 500', () =>
      hasAny(
        heavyUser(),
        Array.from({ length: 10 }, (_, i) => commonRole(i)),
      ),
    ),
  ];
}
