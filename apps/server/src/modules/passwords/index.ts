/** Passwords: how they are stored. Users have one or none; who signs in with it is another matter. */
export { type StoredPassword, toStoredPassword } from './service.ts';
