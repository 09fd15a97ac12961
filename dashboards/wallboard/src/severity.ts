// How grave an alert is, told alike by its banner, the tile of its figure, its lines and its queue.
import type { AlertRow } from '../../../src/contract/frame.ts';
import { BadIcon, WarnIcon } from './icons.tsx';

/** The tones that styles know. A policy may write any word: one that is not known is never shown as the lesser. */
export type Tone = 'bad' | 'warn';

export function toneOf(severity: string): Tone {
  return severity === 'warning' || severity === 'info' ? 'warn' : 'bad';
}

export const TONE_ICON = { bad: BadIcon, warn: WarnIcon } as const satisfies Record<Tone, typeof BadIcon>;

/** The alert that fires on `rule` for `group`, or null. */
export function firingAlert(alerts: readonly AlertRow[], rule: string, group: string): AlertRow | null {
  return alerts.find(each => each.state === 'firing' && each.rule === rule && each.group === group) ?? null;
}
