import { expect, test } from 'vitest';
import { testUserPool } from '../../testing/server.ts';

test('a batch may hand identifiers from one user to another, round in a circle as well', async () => {
  const pool = await testUserPool();
  const people = Array.from({ length: 4 }, (_, index) => ({
    username: `name-${index}`,
    email: `${index}@example.com`,
    phone: `1881234567${index}`,
    externalId: `id-${index}`,
  }));
  const users = await pool.do('createUsersBatch', { list: people.map((one) => ({ ...one, emailVerified: true })) });
  const [first, second, third, outsider] = users.map(({ userId }: { userId: string }) => userId);
  const batch = (list: object[]) => pool.call('updateUserBatch', { list });
  const stored = async () => {
    const rows = await pool.do('getUserBatch', { userIds: [first, second, third, outsider] });
    return rows.map(({ username, email, phone, externalId }: Record<string, string>) =>
      [username, email, phone, externalId].map((text) => text?.match(/\d(?=@|$)/)?.[0] ?? '-').join(''),
    );
  };
  const seen = [(await pool.events()).length, (await pool.audits()).length] as const;

  expect(
    (
      await batch([
        { userId: first, ...people[1] },
        { userId: second, ...people[0] },
      ])
    ).data,
  ).toMatchObject([
    { userId: first, ...people[1], emailVerified: false },
    { userId: second, ...people[0], emailVerified: false },
  ]);
  expect(await stored()).toEqual(['1111', '0000', '2222', '3333']);
  const events = (await pool.events()).slice(seen[0]);
  expect(events.map(({ name, data }) => [name, data.user.userId, data.updates])).toEqual([
    ['user.updated', first, { ...people[1], emailVerified: false }],
    ['user.updated', second, { ...people[0], emailVerified: false }],
  ]);
  expect((await pool.audits()).slice(seen[1])).toMatchObject([
    {
      origin_value: [
        { userId: first, ...people[0] },
        { userId: second, ...people[1] },
      ],
      target_value: [
        { userId: first, ...people[1] },
        { userId: second, ...people[0] },
      ],
    },
  ]);

  // Round in a circle, and one that is given up without anybody taking it.
  const circle = [
    { userId: third, username: 'name-1', externalId: null },
    { userId: first, username: 'name-0', email: null },
    { userId: second, username: 'name-2', email: '1@example.com' },
  ];
  expect(await batch(circle)).toMatchObject({ statusCode: 200 });
  expect(await stored()).toEqual(['0-11', '2100', '122-', '3333']);

  // Whoever keeps his stays in the way, within the batch and outside of it.
  for (const [list, field] of [
    [
      [
        { userId: first, username: 'name-2' },
        { userId: second, name: 'x' },
      ],
      'list.0.username',
    ],
    [
      [
        { userId: second, phone: '18812345671' },
        { userId: first, username: 'name-2', phone: '18812345673' },
      ],
      'list.1.username',
    ],
    [
      [
        { userId: first, email: '2@example.com' },
        { userId: third, email: '3@example.com' },
      ],
      'list.1.email',
    ],
    [
      [
        { userId: first, externalId: 'new' },
        { userId: third, externalId: 'new' },
      ],
      'list.1.externalId',
    ],
    [
      [
        { userId: third, phone: '+8618800000000' },
        { userId: first, phone: '188 0000 0000' },
      ],
      'list.1.phone',
    ],
  ] as const) {
    expect(await batch([...list])).toMatchObject({ statusCode: 409, message: `user already exists with ${field}` });
  }
  expect(await stored()).toEqual(['0-11', '2100', '122-', '3333']);
});

test('batches that swap the same identifiers at the same moment leave each with one user', async () => {
  const pool = await testUserPool();
  const names = Array.from({ length: 6 }, (_, index) => `name-${index}`);
  const users = await pool.do('createUsersBatch', { list: names.map((username) => ({ username })) });
  const answers = await Promise.all(
    Array.from({ length: 24 }, (_, turn) => {
      const order = names.map((_, index) => (index * 5 + turn) % 6);
      return pool.call('updateUserBatch', {
        list: order.map((person, index) => ({
          userId: users[person].userId,
          username: names[(person + turn) % 6],
          name: `${turn} ${index}`,
        })),
      });
    }),
  );
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 200));
  expect((await pool.rows<{ username: string }>('users')).map(({ username }) => username).sort()).toEqual(names);
});
