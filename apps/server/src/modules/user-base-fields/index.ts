/** The fields every user has, as a user pool names and shows them. Fields it adds belong to `custom-fields`. */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { userBaseFieldHandlers } from './service.ts';

export const userBaseFields: Module = defineModule('user-base-fields', contract, userBaseFieldHandlers);
