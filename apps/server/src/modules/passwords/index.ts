/** Passwords of users: how they come in and how they are stored. */
export { createPasswords, type Passwords, type StoredPassword } from './service.ts';
