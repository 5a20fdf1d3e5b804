/**
 * GenAuth from TypeScript and JavaScript. `ManagementClient` administers a user pool from a server, with an access key;
 * `AuthenticationClient` signs users in to an application. The types of all that is sent and answered are in `Models`.
 */
export {
  AuthenticationClient,
  type AuthenticationClientInitOptions,
  type Endpoints,
} from './authentication-client.ts';
export { type Failure, GenAuthConnectionError, GenAuthError } from './errors.ts';
export { type ExportUsersOptions, exportUsers } from './export-users.ts';
export { ManagementClient } from './generated/management-client.ts';
export type * as Models from './generated/models/index.ts';
export { type FileSource, type ImportUsersOptions, importReport, importUsers } from './import-users.ts';
export type { RawRequest } from './management-calls.ts';
export type { CallOptions, Lang, ManagementClientOptions } from './options.ts';
export type { PagedAnswer } from './paged-answer.ts';
export type { Envelope, Fetch, FetchAnswer, FetchRequest } from './transport.ts';
