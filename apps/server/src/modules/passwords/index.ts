/**
 * Passwords of users: how they come in, how they are stored and checked, and whether their hashes go out. Which keys they
 * come encrypted for belongs to `password-keys`; which notations of hashes are known, to the platform.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { createPasswordsService } from './service.ts';

export { createPasswords, type Passwords, type StoredPassword } from './service.ts';

export function passwordHashes({ isExportAllowed }: { readonly isExportAllowed: boolean }): Module {
  return defineModule('passwords', contract, createPasswordsService(isExportAllowed));
}
