/** The thread on which one password is checked: many rounds would hold up everybody else on the thread that answers. */
import { parentPort, workerData } from 'node:worker_threads';
import { type UnixCryptParameters, unixCrypt } from './unix-crypt.ts';

const { password, parameters }: { password: string; parameters: UnixCryptParameters } = workerData;
parentPort?.postMessage(unixCrypt(password, parameters));
