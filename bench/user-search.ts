import { type Case, type ComparisonOptions, compare, type ReadCall, readCase } from './comparison.ts';
import { requestBuilder } from './http-load.ts';
import { cityOf, costCenters, givenName, lastName, maxPoints, namesakes } from './profiles.ts';
import { createRandom } from './random.ts';
import type { Size, Stage } from './stage.ts';

/** Measures reading, listing and searching users. */
export function benchUserSearch(options: ComparisonOptions): Promise<void> {
  return compare(options, async (small, large) => ({
    small: searchCases(small, options.small),
    large: searchCases(large, options.large),
  }));
}

const founded = Date.UTC(2023, 0, 1);
const threeYears = 3 * 365 * 24 * 3_600_000;

function searchCases({ dataset, server, authorization }: Stage, { users }: Size): Case[] {
  const random = createRandom(13);
  const build = requestBuilder(server.origin, authorization);
  // As many different users in the large pool as in the small one.
  const chosen = Array.from({ length: 2_000 }, () => random.below(users));
  const someone = () => chosen[random.below(chosen.length)] ?? 0;
  /** Somebody of a group of namesakes whose names are written in this script. */
  const namesake = (isChinese: boolean) => {
    const groups = Math.floor(users / namesakes / 5);
    return (random.below(groups) * 5 + (isChinese ? random.below(3) : 3)) * namesakes;
  };

  let newTimes = 0;
  const reading = (name: string, call: () => ReadCall): Case => {
    const calls = Array.from({ length: 1000 }, call);
    return readCase(
      name,
      calls,
      calls.map(({ method, path, input }) => (method === 'GET' ? build.get(path) : build.post(path, input))),
    );
  };
  const list = (input: object, options: object = {}, limit = 50): ReadCall => ({
    method: 'POST',
    path: '/api/v3/list-users',
    input: { ...input, options: { pagination: { page: 1, limit }, ...options } },
  });
  const where = (field: string, operator: string, value: unknown) => ({ advancedFilter: [{ field, operator, value }] });
  const search = (keywords: string) => list({ keywords });
  /** A time such that about so many users were made after it, up to the end of a window of its own. */
  const window = (share: number) => {
    const start = founded + random.next() * (1 - share) * threeYears;
    return [Math.floor(start), Math.floor(start + share * threeYears)];
  };
  return [
    reading('get-user', () => ({ method: 'GET', path: `/api/v3/get-user?userId=${dataset.userId(someone())}` })),
    reading('get-user by email', () => ({
      method: 'GET',
      path: `/api/v3/get-user?userIdType=email&userId=user-${someone()}@bench.example`,
    })),
    reading('list-users, page of 50, newest first', () => list({})),
    reading('the same by last login', () => list({}, { sort: [{ field: 'lastLogin', order: 'desc' }] })),
    reading('the same by username', () => list({}, { sort: [{ field: 'username', order: 'asc' }] })),
    reading('gender is F (45%), by last login', () =>
      list(where('gender', 'EQUAL', 'F'), { sort: [{ field: 'lastLogin', order: 'desc' }] }),
    ),
    reading('status is Suspended (0.6%), newest first', () => list(where('status', 'EQUAL', 'Suspended'))),
    reading('email is given', () => list(where('email', 'EQUAL', `user-${someone()}@bench.example`))),
    reading('made within a time of 500 users, by username', () =>
      list(where('createdAt', 'BETWEEN', window(500 / users)), { sort: [{ field: 'username', order: 'asc' }] }),
    ),
    reading('of a department with 100 to 200 users below', () => {
      const departmentId = dataset.smallSubtreeIds[random.below(100) % dataset.smallSubtreeIds.length];
      const { organizationCode } = dataset;
      return list(where('department', 'IN', [{ organizationCode, departmentId, includeChildrenDepartments: true }]));
    }),
    reading('a city of the profile, 20 hits', () => list(where('city', 'EQUAL', cityOf(someone())))),
    reading('a custom field that one in 1,000 has', () =>
      list(where('cost_center', 'EQUAL', `CC-${random.below(costCenters)}`)),
    ),
    reading('a custom number within a range of 500 users, by username', () => {
      const width = (500 / users) * maxPoints;
      const from = Math.floor(random.next() * (maxPoints - width));
      return list(where('points', 'BETWEEN', [from, from + width]), { sort: [{ field: 'username', order: 'asc' }] });
    }),
    reading('a country that a third is in, newest first', () => list(where('country', 'EQUAL', 'CN'))),
    reading('a country that a third is not in, newest first', () => list(where('country', 'NOT_EQUAL', 'CN'))),
    reading('the same where every other request updates a user', () =>
      random.below(2) === 0
        ? list(where('country', 'EQUAL', 'CN'))
        : {
            isCommand: true,
            method: 'POST',
            path: '/api/v3/update-user',
            input: {
              userId: dataset.userId(someone()),
              nickname: `nick ${random.below(1000)}`,
              city: cityOf(someone()),
            },
          },
    ),
    reading('that country and a time of his own, which nobody has asked for yet', () => {
      const { advancedFilter } = where('country', 'EQUAL', 'CN');
      const since = { field: 'createdAt', operator: 'GREATER', value: founded + (newTimes += 1) };
      return list({ advancedFilter: [...advancedFilter, since] });
    }),
    reading('a custom number that one in fifty has, newest first', () =>
      list(where('points', 'BETWEEN', [maxPoints / 2, maxPoints / 2 + maxPoints / 50])),
    ),
    reading('keywords: a whole email address', () => search(`USER-${someone()}@bench.example`)),
    reading('keywords: ten digits of a phone number', () => search(String(13_000_000_000 + someone()).slice(1))),
    reading('keywords: two Chinese characters in a name, 20 hits', () => search(givenName(namesake(true)))),
    reading('keywords: the beginning of a last name, 20 hits', () => search(lastName(namesake(false)).slice(0, 7))),
    reading('keywords: the middle of a last name, 20 to 80 hits', () => search(lastName(namesake(false)).slice(1))),
    reading('keywords: a nickname of every 997th', () => search(`nick ${100 + random.below(897)}`)),
    reading('the same, with filter and order', () =>
      list(
        { keywords: `nick ${100 + random.below(897)}`, ...where('gender', 'IN', ['F', 'U']) },
        { sort: [{ field: 'loginsCount', order: 'desc' }] },
      ),
    ),
    reading('keywords: a letter that everybody has, newest first', () => search('e')),
    reading('keywords: a letter that everybody has, by username', () =>
      list({ keywords: 'e' }, { sort: [{ field: 'username', order: 'asc' }] }),
    ),
    reading('keywords: two letters that three in ten have', () => search('an')),
    reading('keywords that nobody has', () => search(`nobody ${random.below(1000)}`)),
  ];
}
