import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { ApiError } from '@genauth/contract';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { requestErrors } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { ImplementedOperation } from '../module.ts';
import { languageOf } from './language.ts';
import { createPipeline, failure, type PipelineAnswer, type PipelineDependencies } from './pipeline.ts';
import { parseQueryString } from './query-string.ts';
import { addStaticSite, type StaticSite } from './static.ts';

/** Largest body accepted, in bytes. A batch of 50 users with every field stays far below. */
export const maxBodyBytes = 1024 * 1024;

/** The HTTP server: Fastify, ready to listen. */
export type HttpServer = FastifyInstance;

/** What the HTTP server serves. */
export interface HttpDependencies extends PipelineDependencies {
  readonly metrics: Metrics;
  readonly log: Log;
  /** Whether the database answers, for `/health/ready`. */
  readonly isReady: () => Promise<boolean>;
  /** Routes outside the envelope, such as published keys. */
  readonly plainRoutes: readonly PlainRoute[];
  /** Addresses and networks of proxies in front, whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** Folders of pages, such as the documentation. */
  readonly sites: readonly StaticSite[];
}

/** A GET route that answers JSON as it is, without envelope. */
export interface PlainRoute {
  readonly path: string;
  readonly answer: () => Promise<unknown>;
}

/** Builds the HTTP server; `listen` is the caller's. */
export function createHttpServer(dependencies: HttpDependencies): HttpServer {
  const app = Fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    // Path parameters are not used; long or odd paths must reach our own 404.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1024 },
    // Whose word is taken for where a request came from; nobody's unless told otherwise.
    trustProxy: dependencies.trustedProxies.length > 0 ? [...dependencies.trustedProxies] : false,
    forceCloseConnections: 'idle',
    keepAliveTimeout: 65_000,
    // Without it a client that sends its body a byte a minute holds its connection for ever.
    requestTimeout: 120_000,
    genReqId: () => randomUUID(),
    exposeHeadRoutes: false,
    // A path whose escapes are malformed never reaches the router.
    frameworkErrors: (_error, request, reply) => send(reply, routeNotFound(request)),
    clientErrorHandler: refuseConnection,
  });

  // Bodies are read as bytes whatever their label: published clients label JSON, forms and nothing at all alike.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  const pipeline = createPipeline(dependencies);
  for (const module of dependencies.modules) {
    for (const implemented of module.operations) {
      addOperation(app, implemented, pipeline(implemented));
    }
  }
  for (const { path, answer } of dependencies.plainRoutes) {
    app.get(path, async (_request, reply) => reply.type('application/json').send(JSON.stringify(await answer())));
  }
  for (const site of dependencies.sites) addStaticSite(app, site);
  addHealth(app, dependencies);

  app.options('*', (_request, reply) => reply.code(204).send());
  app.setNotFoundHandler((request, reply) => send(reply, routeNotFound(request)));
  app.setErrorHandler((error: unknown, request, reply) =>
    send(reply, toTransportFailure(error, request, dependencies.log)),
  );
  return app;
}

function addOperation(
  app: FastifyInstance,
  { operation }: ImplementedOperation,
  run: ReturnType<ReturnType<typeof createPipeline>>,
): void {
  app.route({
    method: operation.method,
    url: operation.path,
    handler: async (request, reply) => {
      const { url } = request;
      const mark = url.indexOf('?');
      const rawQuery = mark === -1 ? '' : url.slice(mark + 1);
      const { body, isForm } = parseBody(request);
      const answer = await run({
        requestId: request.id,
        language: languageOf(request.headers),
        method: request.method,
        path: mark === -1 ? url : url.slice(0, mark),
        rawQuery,
        query: parseQueryString(rawQuery),
        headers: request.headers,
        body,
        bodyIsForm: isForm,
        clientIp: request.ip,
        untilGone: () => untilGone(reply),
      });
      return send(reply, answer);
    },
  });
}

/** Aborted when the connection ends before the answer does. The request's own `close` comes as soon as its body is read. */
function untilGone({ raw }: FastifyReply): AbortSignal {
  if (raw.destroyed) return AbortSignal.abort();
  const controller = new AbortController();
  // Nobody is told of an end that comes after the answer: to make the error for it takes longer than many a query.
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** An empty body is none: Node's SDK labels bodiless requests as JSON. */
function parseBody({ body, headers }: FastifyRequest): {
  body: Readonly<Record<string, unknown>> | undefined;
  isForm: boolean;
} {
  if (!Buffer.isBuffer(body) || body.length === 0) return { body: undefined, isForm: false };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw requestErrors.bodyMalformed();
  }
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded') && !text.trimStart().startsWith('{')) {
    return { body: parseQueryString(text), isForm: true };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw requestErrors.bodyMalformed();
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw requestErrors.bodyMalformed();
  return { body: value as Readonly<Record<string, unknown>>, isForm: false };
}

function send(reply: FastifyReply, { envelope, httpStatus, retryAfterSeconds }: PipelineAnswer): FastifyReply {
  reply
    .code(httpStatus)
    .header('content-type', 'application/json; charset=utf-8')
    .header('x-request-id', envelope.requestId)
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff');
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  return reply.send(JSON.stringify(envelope));
}

function fail(error: ApiError, request: FastifyRequest): PipelineAnswer {
  return failure(error, request.id, languageOf(request.headers));
}

function routeNotFound(request: FastifyRequest): PipelineAnswer {
  const [path = ''] = request.url.split('?', 1);
  return fail(requestErrors.routeNotFound({ method: request.method, path: path.slice(0, 200) }), request);
}

/** What is no HTTP, or has more headers than Node reads, is answered on the bare connection, which ends with it. */
function refuseConnection(error: Error & { readonly code?: string }, socket: Socket): void {
  if (socket.writable && error.code !== 'ECONNRESET') {
    const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
    const refusal = tooLarge ? requestErrors.headersTooLarge() : requestErrors.notHttp();
    const { envelope } = failure(refusal, randomUUID(), 'en-US');
    const body = JSON.stringify(envelope);
    socket.write(
      `HTTP/1.1 ${tooLarge ? '431 Request Header Fields Too Large' : '400 Bad Request'}\r\nconnection: close\r\n` +
        `content-type: application/json; charset=utf-8\r\nx-request-id: ${envelope.requestId}\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}

/** Failures before an operation was reached: too large, aborted, malformed. */
function toTransportFailure(error: unknown, request: FastifyRequest, log: Log): PipelineAnswer {
  if (error instanceof ApiError) return fail(error, request);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return fail(requestErrors.bodyTooLarge({ maxBytes: maxBodyBytes }), request);
  // QUERY (RFC 10008) is refused without a type before a route is looked for, and no operation has that method.
  if (code === 'FST_ERR_ROUTE_MISSING_CONTENT_TYPE') return routeNotFound(request);
  if (typeof code === 'string' && code.startsWith('FST_ERR_CTP')) return fail(requestErrors.bodyMalformed(), request);
  // The client broke off: nobody reads the answer, and nothing went wrong here.
  if (code === 'ECONNRESET') return fail(requestErrors.bodyMalformed(), request);
  log.error({ requestId: request.id, err: error }, 'unexpected error outside an operation');
  return fail(requestErrors.unexpected(), request);
}

/** Liveness says that the process answers; readiness that its database does too. Infrastructure reads the HTTP status. */
function addHealth(app: FastifyInstance, { isReady, metrics }: HttpDependencies): void {
  app.get('/health/live', (_request, reply) => reply.send({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => {
    const ready = await isReady();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'database unavailable' });
  });
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
}
