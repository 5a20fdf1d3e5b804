import type { IncomingHttpHeaders } from 'node:http';
import { ApiError, atTopOf, type Envelope, type Language, type Operation, successMessage } from '@genauth/contract';
import { createCommandRunner } from '../commands.ts';
import { type Actor, authenticate, type CredentialSource } from '../credentials/authenticate.ts';
import { createReplayGuard, type ReplayGuard } from '../credentials/replay.ts';
import type { Database } from '../database/database.ts';
import { isConflictWithOtherTransactions, isDatabaseUnavailable } from '../database/failures.ts';
import { nonceConstraint } from '../database/record.ts';
import { credentialErrors, requestErrors } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { ImplementedOperation, Module, QueryContext, RequestContext } from '../module.ts';
import { isViolationOf } from '../violations.ts';
import { createFairShare, type FairShare } from './fair-share.ts';
import { createInputReader, type InputReader } from './input.ts';
import type { QueryParameters } from './query-string.ts';
import { createRateLimit } from './rate-limit.ts';

/** A request as the HTTP server hands it over. */
export interface PipelineRequest {
  readonly requestId: string;
  readonly language: Language;
  readonly method: string;
  readonly path: string;
  readonly rawQuery: string;
  readonly query: QueryParameters;
  readonly headers: IncomingHttpHeaders;
  /** The parsed body; `undefined` when none was sent. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  /** Whether the body was form-encoded, so that its values are text. */
  readonly bodyIsForm: boolean;
  readonly clientIp: string | undefined;
  /** Aborted when the client goes before it is answered. A function, because few operations ask. */
  readonly untilGone: () => AbortSignal;
}

/** The envelope, and what HTTP itself has to say beside it. */
export interface PipelineAnswer {
  readonly envelope: Envelope;
  /** 200, but for 429 and 503. */
  readonly httpStatus: number;
  readonly retryAfterSeconds?: number;
}

/** What the pipeline is made of. */
export interface PipelineDependencies {
  /** All of them: what one announces, another may react to. */
  readonly modules: readonly Module[];
  readonly database: Database;
  readonly credentials: CredentialSource;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly now: () => number;
  /** Checks answers and events against their declaration. For tests: what is wrong becomes a 500. */
  readonly checkAnswers: boolean;
  /** Per client address, to operations that ask for no credential. */
  readonly publicRequestsPerSecond: number;
}

/** Of the process's 20 connections, what one user pool may hold at a time; and how many of its requests may wait. */
const maxTransactionsOfPool = 12;
const maxWaitingOfPool = 500;

/** What one user pool may have in preparation at a time: hashing passwords, above all, stands in one line for all pools. */
const maxPreparationsOfPool = 32;

/** How often a transaction is tried that PostgreSQL refuses for what other transactions did. */
const maxAttempts = 4;

/** Runs operations: credential, rate, permission, input, transaction, audit, events, envelope. Nothing of this is repeated in a module. */
export function createPipeline(dependencies: PipelineDependencies) {
  const { credentials, database, log, metrics, now } = dependencies;
  const rateLimit = createRateLimit(now);
  const replay = createReplayGuard(now);
  const runCommand = createCommandRunner(dependencies);
  const inTurn = takingTurns(createFairShare(maxTransactionsOfPool, maxWaitingOfPool));
  const inTurnOfPreparations = takingTurns(createFairShare(maxPreparationsOfPool, maxWaitingOfPool));

  return (implemented: ImplementedOperation) => {
    const { name, operation } = implemented;
    let reader: InputReader | undefined;

    const run = async (request: PipelineRequest, context: RequestContext): Promise<unknown> => {
      reader ??= createInputReader(operation);
      const readInput = () => {
        const fromQuery = operation.method === 'GET';
        const sent = fromQuery ? request.query : (request.body ?? {});
        return reader?.read(withTenantOfHeader(sent, operation, request.headers), fromQuery || request.bodyIsForm);
      };
      if (operation.kind === 'publicQuery') {
        limitRate(rateLimit.take(`address ${request.clientIp}`, dependencies.publicRequestsPerSecond));
        const input = readInput();
        const sharer = `address ${request.clientIp}`;
        const prepared = await implemented.prepare?.(input, { ...context, sharer, signal: request.untilGone() });
        return implemented.handle(input, context, prepared);
      }
      const { declaredQuery } = reader;
      const actor = await authenticate({ ...request, declaredQuery }, credentials, now);
      limitRate(rateLimit.take(actor.userPoolId, actor.rateLimitPerSecond));
      refuseReplay(replay, actor);
      requirePermission(actor, operation);
      const input = readInput();
      const { prepare } = implemented;
      const inTime = prepare && { ...context, sharer: actor.userPoolId, signal: request.untilGone() };
      const prepared =
        inTime && (await inTurnOfPreparations(actor.userPoolId, async () => prepare(input, inTime), inTime.signal));
      if (operation.kind === 'query') {
        return inTurn(actor.userPoolId, () =>
          database.withUserPool(actor.userPoolId, 'read', (scope) => {
            const queryContext: QueryContext = { ...context, scope, actor };
            return implemented.handle(input, queryContext, prepared);
          }),
        );
      }
      const inOneTransaction = () =>
        database.withUserPool(actor.userPoolId, 'write', (scope) =>
          runCommand(
            scope,
            {
              name,
              command: operation,
              actor,
              context,
              clientIp: request.clientIp,
              userAgent: request.headers['user-agent'],
              parameters: reader?.redact(input),
              target: targetOf(operation.target, input),
            },
            (commandContext) => implemented.handle(input, commandContext, prepared),
          ),
        );
      const { output, committed } = await inTurn(actor.userPoolId, () => repeatedly(name, inOneTransaction));
      for (const work of committed) work();
      return output;
    };

    return async (request: PipelineRequest): Promise<PipelineAnswer> => {
      const startedAt = performance.now();
      const { requestId, language } = request;
      let answer: PipelineAnswer;
      try {
        const output = await run(request, { requestId, language, now: now() });
        const data = dependencies.checkAnswers ? checkedAnswer(operation, output) : output;
        answer = {
          httpStatus: 200,
          envelope: {
            ...atTopOf(operation, data),
            statusCode: 200,
            message: successMessage[language],
            requestId,
            ...(data === undefined ? {} : operation.hasPayloadOnlyAtTop ? data : { data }),
          },
        };
      } catch (error) {
        answer = toFailure(error, request, log.child({ operation: name }));
      }
      const seconds = (performance.now() - startedAt) / 1000;
      metrics.observeRequest(name, answer.envelope.statusCode, seconds);
      if (log.isLevelEnabled('debug')) {
        log.debug({ operation: name, requestId, statusCode: answer.envelope.statusCode, seconds }, 'answered');
      }
      return answer;
    };
  };

  async function repeatedly<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (isViolationOf(error, nonceConstraint)) throw credentialErrors.nonceUsed();
        if (attempt === maxAttempts || !isConflictWithOtherTransactions(error)) throw error;
        metrics.countRetry(name);
        log.debug({ operation: name, attempt }, 'repeating the transaction');
      }
    }
  }
}

function takingTurns(share: FairShare) {
  return <Result>(userPoolId: string, work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> => {
    const turn = share.run(userPoolId, work, signal);
    if (turn === undefined) throw new RateLimited(1);
    return turn;
  };
}

class RateLimited extends Error {
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number) {
    super('rate limited');
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

function limitRate(retryAfterSeconds: number): void {
  if (retryAfterSeconds > 0) throw new RateLimited(retryAfterSeconds);
}

/** After the rate limit, which bounds what is remembered; and what it turned away may be sent again as it is. */
function refuseReplay(replay: ReplayGuard, { accessKeyId, nonce }: Actor): void {
  if (nonce !== undefined && !replay.note(accessKeyId, nonce.value, nonce.expiresAt))
    throw credentialErrors.nonceUsed();
}

/**
 * A key of the whole user pool may do everything in it. A key of an administrator may do what policies grant him; until
 * policies can be granted, that is nothing.
 */
function requirePermission(actor: Actor, { permission }: Operation): void {
  if (actor.userId !== undefined) throw requestErrors.forbidden({ permission });
}

/** Clients may name the tenant in a header instead of the input: three spellings, two prefixes, at times empty. */
function withTenantOfHeader<Sent extends object>(sent: Sent, operation: Operation, headers: IncomingHttpHeaders): Sent {
  if (!('tenantId' in operation.input.shape) || 'tenantId' in sent) return sent;
  const named =
    headers['x-authing-app-tenant-id'] ||
    headers['x-authing-tenant-id'] ||
    headers['x-genauth-app-tenant-id'] ||
    headers['x-genauth-tenant-id'];
  return named === undefined || named === 'undefined' ? sent : { ...sent, tenantId: named };
}

function targetOf(field: string | undefined, input: unknown): string | undefined {
  if (field === undefined) return undefined;
  const value = (input as Readonly<Record<string, unknown>>)[field];
  return typeof value === 'string' ? value : undefined;
}

function checkedAnswer(operation: Operation, output: unknown): unknown {
  // JSON first: what is checked is what the caller will read.
  const data: unknown = output === undefined ? undefined : JSON.parse(JSON.stringify(output));
  operation.output?.parse(data);
  return output;
}

function toFailure(error: unknown, { requestId, language }: PipelineRequest, log: Log): PipelineAnswer {
  if (error instanceof RateLimited) {
    return {
      ...failure(requestErrors.tooManyRequests(), requestId, language, 429),
      retryAfterSeconds: error.retryAfterSeconds,
    };
  }
  if (error instanceof ApiError) {
    // Gateways and load balancers should see that this process is busy.
    const isBusy = error.code === requestErrors.unavailable.code;
    return failure(error, requestId, language, isBusy ? 503 : 200);
  }
  if (isDatabaseUnavailable(error)) {
    log.error({ requestId, err: error }, 'the database is unavailable');
    return failure(requestErrors.unavailable(), requestId, language, 503);
  }
  log.error({ requestId, err: error }, 'unexpected error');
  return failure(requestErrors.unexpected(), requestId, language);
}

/** The answer for an error: HTTP 200 unless told otherwise. */
export function failure(error: ApiError, requestId: string, language: Language, httpStatus = 200): PipelineAnswer {
  const { statusCode, apiCode } = error.declaration;
  return {
    httpStatus,
    envelope: {
      statusCode,
      message: error.messageIn(language),
      ...(apiCode === undefined ? {} : { apiCode }),
      requestId,
    },
  };
}
