import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Database } from './database/database.ts';

/** What the server counts, in Prometheus's format. */
export interface Metrics {
  /** One request of an operation: how it ended and how long it took. */
  observeRequest(operation: string, statusCode: number, seconds: number): void;
  /** A transaction that PostgreSQL asked to repeat. */
  countRetry(operation: string): void;
  text(): Promise<string>;
  readonly contentType: string;
}

/** Makes the registry. Rate, errors and duration per operation; process, event loop and connection pool beside them. */
export function createMetrics(database: Pick<Database, 'connections'>): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: 'genauth_request_duration_seconds',
    help: 'Duration of requests by operation and statusCode of the envelope',
    labelNames: ['operation', 'status_code'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  const retries = new Counter({
    name: 'genauth_transaction_retries_total',
    help: 'Transactions repeated after a deadlock or serialization failure',
    labelNames: ['operation'] as const,
    registers: [registry],
  });
  new Gauge({
    name: 'genauth_database_connections',
    help: 'Connections of the pool by state, and requests waiting for one',
    labelNames: ['state'] as const,
    registers: [registry],
    collect() {
      const { total, idle, waiting } = database.connections();
      this.set({ state: 'busy' }, total - idle);
      this.set({ state: 'idle' }, idle);
      this.set({ state: 'waiting' }, waiting);
    },
  });
  return {
    observeRequest: (operation, statusCode, seconds) =>
      duration.observe({ operation, status_code: statusCode }, seconds),
    countRetry: (operation) => retries.inc({ operation }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
