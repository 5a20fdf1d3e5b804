/**
 * The contract kit: how an operation, its errors and its events are declared, and the document that follows from them.
 * It knows no operation, no server and no database.
 */
export { atTopOf, type Envelope, envelopeOf, successMessage } from './envelope.ts';
export {
  type AnyErrorFactory,
  ApiError,
  type ErrorDeclaration,
  type ErrorFactory,
  errors,
  type Language,
  type Wording,
  wordingIn,
} from './errors.ts';
export {
  type ConsequenceDeclaration,
  type ConstraintDeclaration,
  consequencesOf,
  type Emit,
  type EventDeclaration,
  event,
  eventsFollowing,
} from './events.ts';
export { toOpenApi } from './openapi.ts';
export {
  type AuditDeclaration,
  type Command,
  command,
  type InputOf,
  type Operation,
  type OperationsOf,
  type OutputOf,
  operationsOf,
  type PublicQuery,
  publicQuery,
  type Query,
  query,
  unwrapField,
} from './operation.ts';
export {
  codePattern,
  doc,
  dto,
  IsSuccessDto,
  multiLanguage,
  objectIdPattern,
  pageOf,
  paging,
  secret,
} from './schema.ts';
