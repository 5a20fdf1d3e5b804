/** The Chromium that page tests run in. It is the machine's own: nothing is downloaded. */
import { accessSync, constants } from 'node:fs';

const places = [
  process.env['CHROME_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** A browser to test in, or why there is none: `test.skipIf(!browser.ready)`. */
export type Browser =
  | { readonly ready: true; readonly path: string }
  | { readonly ready: false; readonly reason: string };

/** Looks where `CHROME_PATH` says, then where systems install it. */
export function findBrowser(): Browser {
  const path = places.find((place) => place !== undefined && isProgram(place));
  if (path !== undefined) return { ready: true, path };
  return { ready: false, reason: 'no Chromium: install it, or say where it is with CHROME_PATH' };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
