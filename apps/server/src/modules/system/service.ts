import type { Handlers } from '../../platform/module.ts';
import type { PasswordKeys } from '../password-keys/index.ts';
import type * as contract from './contract.ts';

interface SystemDependencies {
  readonly passwordKeys: PasswordKeys;
  readonly version: string;
  /** Addresses the instance calls others from, for their firewalls. */
  readonly publicIps: readonly string[];
}

export function createSystemService({
  passwordKeys,
  version,
  publicIps,
}: SystemDependencies): Handlers<typeof contract> {
  return {
    async getSystemInfo() {
      return {
        rsa: { publicKey: passwordKeys.rsaPublicKey },
        sm2: { publicKey: passwordKeys.sm2PublicKey },
        // One release holds them all.
        version: { server: version, console: version, login: version },
        publicIps: [...publicIps],
      };
    },
  };
}
