/**
 * The keys that passwords are encrypted for on their way here, where TLS alone is not trusted: one RSA and one SM2 pair of
 * the whole instance. Who publishes them is `system`; what becomes of the passwords is `passwords`.
 */
export { openPasswordKeys, type PasswordEncryption, type PasswordKeys } from './service.ts';
