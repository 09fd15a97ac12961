// What `doctor` finds about policies: the one in force, the one that a monitor which starts with these settings would put
// there, and how far the holidays of its calendars are known.
import type { Settings } from '../config.ts';
import { commandLine, counted } from '../contract/words.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { uncoveredAdvice, uncoveredCalendars, uncoveredText } from '../policy/coverage.ts';
import type { AddedYear } from '../policy/holidays.ts';
import { defaultPolicyFile, type Read, readPolicyFile } from '../policy-store/source.ts';
import { bad, type Finding, ok, warn } from './finding.ts';

/** What SLA_CONFIG adds to what is here. */
export interface Kept {
  readonly years: readonly AddedYear[];
  /** The policy in force with these years; null when none ever was. */
  readonly inForce: Read | null;
}

/** `kept` is null when it is not known. */
export function checkPolicy(settings: Settings, kept: Kept | null, now: number): Finding[] {
  const inForce = kept?.inForce ?? null;
  const here = readHere(settings, kept?.years ?? []);
  if (inForce !== null) return [...describe('in force', inForce, now), ...differing(settings, inForce, here)];
  if (here instanceof Error) return [unreadable('policy', settings, here)];
  const why = kept === null ? 'of these settings; what is in force is not known' : 'nothing is in force yet';
  return describe(why, here, now);
}

function fileOf(settings: Settings): string {
  return settings.policyFile ?? defaultPolicyFile();
}

/** The policy of the settings, or what is wrong with it. */
function readHere(settings: Settings, years: readonly AddedYear[]): Read | Error {
  try {
    return readPolicyFile(fileOf(settings), years);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function unreadable(topic: string, settings: Settings, error: Error): Finding {
  return bad(topic, error.message, `Mend it; ${commandLine(`check ${fileOf(settings)}`)} says more`);
}

function describe(what: string, { policy, kept, warnings, passedOver }: Read, now: number): Finding[] {
  const rules = `${counted(policy.clocks.length, 'clock')}, ${counted(policy.indicators.length, 'indicator')}`;
  const from = kept.origin === 'sent' ? 'sent over HTTP' : kept.file;
  return [
    ok('policy', `${policy.name} ${policy.hash}, ${what}: ${rules} (${from})`),
    ...passedOver.map(text => warn('policy', text, 'It was accepted by an earlier version; mend it')),
    ...warnings.map(text => warn('policy', text, 'See the policy')),
    ...checkHolidays(policy, now),
  ];
}

/** What a monitor that starts with these settings would put into force instead: a policy that was sent stays. */
function differing(settings: Settings, inForce: Read, here: Read | Error): Finding[] {
  const topic = 'POLICY_FILE';
  const { policyFile } = settings;
  if (policyFile === null && inForce.kept.origin === 'sent')
    return [
      ok(topic, 'is not set here: what was sent stays over restarts, SIGHUP puts the pack in its place'),
    ];
  if (here instanceof Error) return [unreadable(topic, settings, here)];
  if (here.policy.hash === inForce.policy.hash) return [];
  const { name, hash } = here.policy;
  const set =
    policyFile === null ? `is not set here: the pack ${name} ${hash}` : `${policyFile} (${name} ${hash})`;
  const advice =
    policyFile === null && inForce.kept.origin === 'file'
      ? `A monitor that starts with these settings puts the pack into force; set POLICY_FILE=${inForce.kept.file} to stay`
      : 'SIGHUP to a monitor with these settings, or its next start, puts it into force';
  return [warn(topic, `${set} is another policy than the one in force`, advice)];
}

/** `bad` once plain hours hold, `warn` from 60 days before. */
function checkHolidays(policy: CompiledPolicy, now: number): Finding[] {
  const missing = new Map(uncoveredCalendars(policy, now).map(one => [one.calendar, one]));
  return [...policy.calendars.values()].flatMap(calendar => {
    const { name } = calendar;
    if (calendar.always) return [];
    const topic = `calendar ${name}`;
    const one = missing.get(name);
    if (one !== undefined)
      return [(one.from <= now ? bad : warn)(topic, uncoveredText(one), uncoveredAdvice(one))];
    const until = calendar.coveredUntil(now);
    const year = until === null ? null : calendar.uncoveredYear(until, until);
    // Years are known as a whole, and begin and end at the calendar's own midnight.
    return [ok(topic, year === null ? 'asks for no holidays' : `holidays known until ${year - 1}-12-31`)];
  });
}
