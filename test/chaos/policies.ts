// The policies that reloads switch between: the first one, which includes the default pack, and what becomes of it when
// targets, conditions, calendars, rules and figures change.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { defaultPolicyFile } from '../../src/policy-store/source.ts';

const RULE = z.looseObject({ rule: z.string() });
const POLICY = z.looseObject({
  attributes: z.record(z.string(), z.unknown()).default({}),
  calendars: z.record(z.string(), z.unknown()),
  clocks: z.array(RULE),
  indicators: z.array(RULE),
});
type Rule = z.infer<typeof RULE>;
type Policy = z.infer<typeof POLICY>;

export const FIRST_FILE = fileURLToPath(new URL('policy.yaml', import.meta.url));

/** A policy that needs no other file, so that it can be sent, too. */
export interface Variant {
  readonly name: string;
  readonly text: string;
}

/** What a policy file says that takes the first policy as it is. */
export const FIRST: Variant = {
  name: 'first',
  text: JSON.stringify({ version: 1, name: 'chaos', include: [FIRST_FILE] }),
};

/** The short clocks alone, for tests that want few records. */
export const SHORT = variant('short', short);

export const VARIANTS: readonly [Variant, ...Variant[]] = [
  variant('whole', policy => policy),
  variant('tight', tight),
  variant('loose', loose),
  SHORT,
];

function variant(name: string, change: (policy: Policy) => Policy): Variant {
  const pack = POLICY.parse(parse(readFileSync(defaultPolicyFile(), 'utf8')));
  const { include: _, ...own } = POLICY.parse(parse(readFileSync(FIRST_FILE, 'utf8')));
  const whole = {
    ...own,
    name: `chaos-${name}`,
    attributes: pack.attributes,
    calendars: { ...pack.calendars, ...own.calendars },
    clocks: [...own.clocks, ...pack.clocks],
    indicators: [...own.indicators, ...pack.indicators],
  };
  return { name, text: JSON.stringify(change(whole)) };
}

/** Shorter targets, other conditions, more warnings, rules and an attribute that are new, others gone. */
function tight(policy: Policy): Policy {
  const clocks = changed(policy.clocks, {
    'T-REPLY': {
      when: { channel: ['email', 'phone'] },
      target: { by: 'urgency', values: { normal: '1500ms', urgent: '600ms' }, else: '1s' },
      warn: ['25%', '90%'],
    },
    'T-SOLVE': { reopen: 'restart' },
    'T-NEWS': null,
    'S0-03': { target: '40m', calendar: 'office' },
    'S0-06': { target: '2bd', calendar: 'round' },
    'S1-01': { target: '10m', ladder: [{ after: '0s', to: 'manager' }] },
    'S2-03': { when: [{ kind: 'complaint' }, { kind: 'problem', urgency: 'critical' }] },
    'S4-05': null,
    'S4-F1.2': { target: '1h' },
  });
  return {
    ...policy,
    attributes: { ...policy.attributes, vip: 'boolean' },
    clocks: [
      ...clocks,
      clock('N-ACK', {
        start: 'ticket.created',
        stop: 'ticket.acknowledged',
        target: '1500ms',
        warn: ['50%'],
      }),
      clock('N-VIP', { when: { vip: true }, start: 'ticket.created', stop: 'ticket.resolved', target: '3s' }),
    ],
    indicators: changed(policy.indicators, {
      'I-COMPLAINTS': { window: '30s', every: '2s', by: ['queue', 'channel'] },
      'I-WAITING': null,
      'S0-20': { alert: { above: '10%', atLeast: 10, for: '0s', clear: '8%', severity: 'critical' } },
      'CC-04': null,
      'E-01': { window: '1h' },
    }),
  };
}

/** Longer targets, no pauses, other calendars and time zone, and the figure that alerts all the time gone. */
function loose(policy: Policy): Policy {
  return {
    ...policy,
    timezone: 'UTC',
    calendars: { ...policy.calendars, office: { hours: { 'mon-sun': ['00:00-23:30'] } } },
    clocks: changed(policy.clocks, {
      'T-REPLY': { target: '30s', warn: ['50%'] },
      'T-SOLVE': { target: '8s', pause: undefined },
      'T-URGENT': null,
      'T-PROMISE': { each: undefined },
      'C-ANSWER': { evidence: true },
      'H-REPLY': { target: '5s' },
      'S0-03': { target: '8h', pause: { from: 'ticket.pending', to: 'ticket.resumed' } },
      'S0-10': { target: '1h' },
      'S0-11': { repeat: false },
      'S1-06': null,
    }),
    indicators: changed(policy.indicators, {
      'I-COMPLAINTS': null,
      'I-REPLIED': { clock: 'T-SOLVE', window: '10m' },
      'I-WAITING': { by: ['queue'] },
      'CC-06': { by: ['team'] },
      'S0-20': { window: '1h' },
    }),
  };
}

/** Without the pack nearly every rule is gone, and comes back later. */
function short(policy: Policy): Policy {
  const isOwn = ({ rule }: Rule) => /^[TCHI]-/.test(rule);
  return { ...policy, clocks: policy.clocks.filter(isOwn), indicators: policy.indicators.filter(isOwn) };
}

/** Rules with some of their keys changed; null leaves a rule out. */
function changed(rules: readonly Rule[], changes: Readonly<Record<string, object | null>>): Rule[] {
  const known = new Set(rules.map(({ rule }) => rule));
  for (const rule of Object.keys(changes)) if (!known.has(rule)) throw new Error(`no rule ${rule} to change`);
  return rules.flatMap(rule => {
    const change = changes[rule.rule];
    return change === null ? [] : [{ ...rule, ...change }];
  });
}

function clock(rule: string, rest: object): Rule {
  return { rule, title: { zh: rule, en: rule }, on: 'ticket', ...rest };
}
