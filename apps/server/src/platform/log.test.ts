import { expect, test } from 'vitest';
import { openLog } from './log.ts';

function logInMemory() {
  const lines: string[] = [];
  return { log: openLog('debug', { write: (line: string) => lines.push(line) }), lines };
}

test('writes a line of JSON with time and level by name', () => {
  const { log, lines } = logInMemory();
  log.info({ operation: 'getDepartment' }, 'answered');
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    operation: 'getDepartment',
    msg: 'answered',
  });
});

test('writes no secret, down to two levels, and keeps the rest', () => {
  const { log, lines } = logInMemory();
  const secrets = {
    accessKeySecret: 'hidden-1',
    password: 'hidden-2',
    authorization: 'hidden-3',
    access_token: 'hidden-4',
  };
  log.info({ ...secrets, body: secrets, request: { headers: secrets, path: '/api' } }, 'called');
  expect(lines.join()).not.toContain('hidden');
  expect(lines.join()).toContain('/api');
});

test('writes of a database error what went wrong, not the values it went wrong with', () => {
  const { log, lines } = logInMemory();
  const error = Object.assign(new Error('duplicate key value violates unique constraint "users_email"'), {
    code: '23505',
    constraint: 'users_email',
    detail: 'Key (user_pool_id, email)=(64f0c2a1b3d4e5f60718293a, ada@example.com) already exists.',
    where: 'COPY users, line 1: "ada@example.com"',
  });
  log.error({ err: error }, 'unexpected error');
  expect(lines.join()).not.toContain('ada@example.com');
  expect(lines.join()).toContain('users_email');
});
