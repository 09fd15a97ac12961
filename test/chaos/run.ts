// One run of chaos: load, and meanwhile kills and changes of the policy at random moments; then everything is compared;
// then Redis is emptied, and put back to an older copy, and everything is compared again.
import { setTimeout as sleep } from 'node:timers/promises';
import { random } from '../bench/load.ts';
import { compare, type Findings } from './compare.ts';
import { Field } from './field.ts';
import { Load } from './load.ts';
import { FIRST } from './policies.ts';
import { burst, Reloads } from './reloads.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly events: number;
  readonly kills: number;
  /** How often people change the policy, at other moments than the kills. */
  readonly reloads: number;
  /** Over how long the load is spread, ms. */
  readonly loadMs: number;
  readonly say: (line: string) => void;
}

export interface ChaosResult {
  readonly stages: readonly { readonly name: string; readonly findings: Findings }[];
  readonly done: Readonly<Record<string, number>>;
}

/** What is done to the system: processors are killed and held most often, each server at least once. */
const DEEDS = ['monitor', 'redis', 'nats', 'monitor', 'hold', 'flush', 'monitor', 'monitor'] as const;
type Deed = (typeof DEEDS)[number];

const HOLD_MS = 3_000;
const SETTLE_MS = 180_000;
/** Towards the end of the load nothing is killed: so that figures are of now for long enough, and alerts fire. */
const KILLING_SHARE = 0.75;
/** How often a deed follows upon a burst of policies. */
const BURST_SHARE = 0.3;
const IN_FLIGHT_MAX = 200;

export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, say } = options;
  const field = await Field.open({ policy: FIRST.text, monitors: 2 });
  const stages: { name: string; findings: Findings }[] = [];
  const look = async (name: string) => {
    const findings = await field.whileSettled(SETTLE_MS, say, () => compare(field, field.unrouted));
    stages.push({ name, findings });
    say(`${name}: ${JSON.stringify(findings.summary)}, ${findings.wrong.length} wrong`);
    for (const line of findings.wrong.slice(0, 20)) say(`  ${line}`);
  };
  try {
    const state = { loading: true };
    const reloads = new Reloads(field, random(seed ^ 0xf11e), say);
    const deeds = Promise.all([
      doDeeds(field, options, random(seed ^ 0x5eed), state),
      doReloads(reloads, options),
    ]);
    const backup = sleep(options.loadMs / 2).then(() => field.backup());
    await publishAll(field, options);
    state.loading = false;
    await backup;
    const [killed] = await deeds;
    await reloads.last();
    await look('after the kills');

    await field.shortenWindows();
    await field.redis.flushall();
    await look('after Redis was emptied');

    await field.restore();
    await look('after Redis was put back to an older copy');
    return { stages, done: { ...killed, ...reloads.done } };
  } catch (error) {
    await field.explain(say);
    throw error;
  } finally {
    await field.close();
  }
}

/** Publishes the load, spread over its time; what waits for a killed server holds up only what is beyond the bound. */
async function publishAll(field: Field, { seed, events, loadMs }: ChaosOptions): Promise<void> {
  const load = new Load(seed, 8);
  const began = Date.now();
  const open = new Set<Promise<void>>();
  for (let i = 0; i < events; i++) {
    const ahead = (loadMs * i) / events - (Date.now() - began);
    if (ahead > 20) await sleep(ahead);
    while (open.size >= IN_FLIGHT_MAX) await Promise.race(open);
    const one: Promise<void> = field.publish(load.make(Date.now())).finally(() => open.delete(one));
    open.add(one);
  }
  await Promise.all(open);
}

async function doReloads(reloads: Reloads, { reloads: count, loadMs }: ChaosOptions): Promise<void> {
  for (let i = 0; i < count; i++) {
    await sleep(((0.5 + reloads.next()) * loadMs) / count);
    await reloads.one(i);
  }
}

async function doDeeds(
  field: Field,
  { kills, loadMs, say }: ChaosOptions,
  next: () => number,
  state: { readonly loading: boolean },
): Promise<Record<string, number>> {
  const done: Record<string, number> = {};
  for (let i = 0; i < kills; i++) {
    await sleep(((0.5 + next()) * loadMs * KILLING_SHARE) / kills);
    const deed = DEEDS[i < DEEDS.length ? i : Math.floor(next() * DEEDS.length)] ?? 'monitor';
    done[deed] = (done[deed] ?? 0) + 1;
    say(`${i + 1}/${kills} ${deed}${state.loading ? '' : ' (after the load)'}`);
    await doDeed(field, deed, next);
  }
  return done;
}

async function doDeed(field: Field, deed: Deed, next: () => number): Promise<void> {
  const { servers, monitors } = field;
  const monitor = monitors[Math.floor(next() * monitors.length)];
  if (deed !== 'nats' && next() < BURST_SHARE) await burst(field, next);
  switch (deed) {
    case 'monitor':
      monitor?.signal('SIGKILL');
      return;
    case 'hold':
      // It loses its leases meanwhile and must not know better when it wakes.
      monitor?.signal('SIGSTOP');
      await sleep(HOLD_MS);
      monitor?.signal('SIGCONT');
      return;
    case 'redis':
      await servers.redis.kill();
      await sleep(next() * 500);
      await field.startAgain(servers.redis);
      return;
    case 'nats':
      await servers.nats.kill();
      await sleep(next() * 500);
      await field.startAgain(servers.nats);
      return;
    case 'flush':
      await field.redis.flushall();
      return;
    default:
      deed satisfies never;
  }
}
