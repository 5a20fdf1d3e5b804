import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { testServer, testUserPool } from '../../testing/server.ts';
import { send, type WireRequest } from '../../testing/wire.ts';
import { maxBodyBytes } from './server.ts';

const server = await testServer();
const pool = await testUserPool({ server });
const authorization = await pool.token();
const requestId = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A command that takes a body, sent with whatever a test is about. */
function createAccessKey(given: Partial<WireRequest>) {
  const headers = { authorization, 'content-type': 'application/json', ...given.headers };
  return send(server.origin, { method: 'POST', path: '/api/v3/create-access-key', ...given, headers });
}

/** Sends bytes as they are and reads until the connection ends. */
function sendBytes(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(new URL(server.origin).port), '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

test.each([
  ['GET', '/api/v3/no-such-operation?x=1', 'GET /api/v3/no-such-operation'],
  ['DELETE', '/api/v3/create-access-key', 'DELETE /api/v3/create-access-key'],
  ['QUERY', '/api/v3/get-access-key', 'QUERY /api/v3/get-access-key'],
  ['GET', '/', 'GET /'],
  ['GET', '/api/v3/%zz', 'GET /api/v3/%zz'],
  ['GET', `/${'a'.repeat(4000)}`, 'GET /aaa'],
])('answers %s %s in the envelope', async (method, path, named) => {
  const { answer, headers, httpStatus } = await send(server.origin, { method, path });
  expect(httpStatus).toBe(200);
  expect(answer).toEqual({
    statusCode: 404,
    message: expect.stringContaining(`No such operation: ${named}`),
    requestId: expect.stringMatching(requestId),
  });
  expect(headers.get('x-request-id')).toBe(answer.requestId);
  expect(answer.message.length).toBeLessThan(300);
});

test.each([
  ['no JSON', '{"type":'],
  ['a list', '[{"type":"userpool"}]'],
  ['a text', '"userpool"'],
  ['null', 'null'],
  ['JSON and more', '{"type":"userpool"} {}'],
  ['not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
])('refuses a body that is %s', async (_what, body) => {
  const { answer, httpStatus } = await createAccessKey({ body });
  expect(httpStatus).toBe(200);
  expect(answer).toMatchObject({ statusCode: 400, message: 'The body is not a JSON object' });
  const chinese = await createAccessKey({ body, headers: { 'x-authing-lang': 'zh-CN' } });
  expect(chinese.answer.message).toBe('请求体不是合法的 JSON 对象');
});

test('refuses a body above the limit, announced or not, and takes one just below it', async () => {
  const bodyOf = (bytes: number) =>
    JSON.stringify({ type: 'userpool', padding: '' }).replace('""', `"${'x'.repeat(bytes)}"`);
  const atLimit = bodyOf(maxBodyBytes - JSON.stringify({ type: 'userpool', padding: '' }).length);
  expect((await createAccessKey({ body: atLimit })).answer.statusCode).toBe(200);
  const { answer, httpStatus } = await createAccessKey({ body: `${atLimit} ` });
  expect(httpStatus).toBe(200);
  expect(answer).toMatchObject({ statusCode: 413, requestId: expect.stringMatching(requestId) });
  const chunks = `${(maxBodyBytes + 1).toString(16)}\r\n${' '.repeat(maxBodyBytes + 1)}\r\n0\r\n\r\n`;
  const head = `POST /api/v3/create-access-key HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n`;
  expect(await sendBytes(head + chunks)).toContain('"statusCode":413');
});

test('counts an empty body as none, whatever its label', async () => {
  for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain']) {
    const { answer } = await createAccessKey({ headers: { 'content-type': type } });
    expect(answer).toMatchObject({ statusCode: 400, message: 'type should not be empty' });
  }
});

test('reads JSON under any label, and forms under theirs', async () => {
  const json = JSON.stringify({ type: 'userpool' });
  for (const type of ['text/plain', 'application/json; charset=utf-8', 'application/x-www-form-urlencoded', 'x/y']) {
    expect((await createAccessKey({ body: json, headers: { 'content-type': type } })).answer.statusCode).toBe(200);
  }
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  expect((await createAccessKey({ body: 'type=userpool&userId=', headers })).answer.statusCode).toBe(200);
  expect((await createAccessKey({ body: 'type=spaceship', headers })).answer.message).toContain('spaceship');
  expect((await createAccessKey({ body: 'type[a]=userpool', headers })).answer).toMatchObject({
    statusCode: 400,
    message: 'Parameter type is malformed',
  });
});

test('converts the texts of a form to the declared types', async () => {
  const [key] = await pool.do('createAccessKey', { type: 'userpool' });
  const { answer } = await send(server.origin, {
    method: 'POST',
    path: '/api/v3/update-access-key',
    headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    body: `accessKeyId=${key.accessKeyId}&enable=False`,
  });
  expect(answer.statusCode).toBe(200);
  expect((await pool.do('getAccessKey', { accessKeyId: key.accessKeyId }))[0].enable).toBe(false);
});

test('takes a GET that is labelled as JSON and has no body, as the Node SDK sends it', async () => {
  const headers = { authorization, 'content-type': 'application/json' };
  const { answer } = await send(server.origin, { method: 'GET', path: '/api/v3/list-access-key', headers });
  expect(answer.statusCode).toBe(200);
});

test('answers OPTIONS with 204 anywhere', async () => {
  for (const path of ['/api/v3/list-access-key', '/nowhere']) {
    expect((await send(server.origin, { method: 'OPTIONS', path })).httpStatus).toBe(204);
  }
});

test('gives every answer an id of its own', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => send(server.origin, { method: 'GET', path: '/' })),
  );
  expect(new Set(answers.map(({ answer }) => answer.requestId)).size).toBe(20);
});

test.each([
  ['too many headers', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ['a method nobody knows', 'FROBNICATE / HTTP/1.1\r\nhost: x\r\n\r\n', 400],
  ['no HTTP', 'hello\r\n\r\n', 400],
  ['two lengths', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}', 400],
])('answers %s in the envelope and ends the connection', async (_what, bytes, statusCode) => {
  const [head = '', body = ''] = (await sendBytes(bytes)).split('\r\n\r\n');
  expect(head).toContain(`HTTP/1.1 ${statusCode} `);
  expect(JSON.parse(body)).toEqual({
    statusCode,
    message: expect.any(String),
    requestId: expect.stringMatching(requestId),
  });
  expect(head).toContain(JSON.parse(body).requestId);
});
