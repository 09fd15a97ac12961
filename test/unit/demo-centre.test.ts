// The simulated centre: the same seed tells the same events however its time is cut, a crash repeats but adds
// nothing, its rates are watchable, and its burst takes the day's complaint rate over 5 % and back below 4 %.
import t from 'tap';
import { decodeMessage } from '../../src/contract/decode.ts';
import { compareCodePoints } from '../../src/contract/event.ts';
import { Centre, type CloudEvent, type FloorState, newCentre, STORE_EVERY } from '../../src/demo/centre.ts';

const START = Date.parse('2026-11-21T08:00:00Z');
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

function opened(seed: number): { centre: Centre; past: CloudEvent[] } {
  const centre = new Centre(newCentre(seed, 1, START));
  centre.begin(START, 1);
  return { centre, past: centre.open() };
}

function run(centre: Centre, from: number, to: number, step: number): CloudEvent[] {
  const events: CloudEvent[] = [];
  for (let at = from; at < to; at += step) events.push(...centre.advance(Math.min(to, at + step)));
  return events;
}

function stored(centre: Centre): FloorState {
  return JSON.parse(JSON.stringify(centre.state));
}

t.test('a seed tells the same events, however time is cut', async t => {
  const one = opened(7);
  const two = opened(7);
  t.same(one.past, two.past);
  const fine = run(one.centre, START, START + 4 * MINUTE, 137);
  const coarse = two.centre.advance(START + 4 * MINUTE);
  t.same(fine, coarse);
  t.same(one.centre.state, two.centre.state);
  t.not(opened(8).past.length, one.past.length, 'another seed, another centre');
});

t.test('every event is one of the contract, masked where it enters', async t => {
  const { centre, past } = opened(9);
  const events = [
    ...past,
    ...run(centre, START, START + 20 * MINUTE, 1000),
    ...centre.close(START + 20 * MINUTE),
  ];
  const types = new Set<string>();
  for (const event of events) {
    const decoded = decodeMessage(JSON.stringify(event), undefined, { declared: new Map(), storedAt: START });
    if (!decoded.ok) throw new Error(`${event.type}: ${decoded.reason} ${decoded.detail}`);
    types.add(decoded.event.type);
    const told = JSON.stringify(decoded.event.fields);
    if (/1990000\d{4}|202 555/.test(told)) throw new Error(`a telephone number: ${told}`);
  }
  t.ok(types.size >= 35, `${types.size} types`);
});

t.test('ids are unique, times in order and never ahead, the history newest first', async t => {
  const { centre, past } = opened(1);
  const live = run(centre, START, START + 10 * MINUTE, 250);
  const all = [...past, ...live];
  t.equal(new Set(all.map(event => event.id)).size, all.length);
  t.ok(past.length > 2000 && past.length < 8000, `${past.length} events of history`);
  t.ok(past.every((event, index) => index === 0 || event.time <= (past[index - 1]?.time ?? '')));
  t.ok(past.every(event => Date.parse(event.time) <= START));
  t.ok(live.every((event, index) => index === 0 || event.time >= (live[index - 1]?.time ?? '')));
  t.ok(live.every(event => Date.parse(event.time) <= START + 10 * MINUTE));
});

t.test('rates and shares are worth watching', async t => {
  const { centre } = opened(2);
  const minutes = 30;
  const live = run(centre, START, START + minutes * MINUTE, 500);
  const perSecond = live.length / (minutes * 60);
  t.ok(perSecond >= 3 && perSecond <= 8, `${perSecond} events a second`);
  const count = (type: string) => live.filter(event => event.type === type).length;
  const answered = live.filter(event => event.type === 'call.answered');
  const soon = answered.filter(event => Number(event.data.waitSeconds) <= 20).length / answered.length;
  t.ok(soon > 0.55 && soon < 0.97, `service level ${soon}`);
  const abandoned = count('call.abandoned') / count('call.queued');
  t.ok(abandoned > 0.01 && abandoned < 0.15, `abandonment ${abandoned}`);
  const states = new Set(
    live.filter(event => event.type === 'agent.state_changed').map(event => String(event.data.state)),
  );
  t.same([...states].sort(compareCodePoints), ['available', 'away', 'break', 'busy', 'wrap_up']);
  for (const type of [
    'call.announced',
    'chat.handed_over',
    'ticket.replied',
    'ticket.updated',
    'call.held',
  ]) {
    t.ok(count(type) > 0, type);
  }
});

t.test('clocks of seconds and of hours are kept, and broken before an hour is over', async t => {
  const { centre, past } = opened(3);
  const until = START + 60 * MINUTE;
  const all = [...past, ...run(centre, START, until, 1000)];
  const shares = {
    ring: judge(all, 'call.ringing', ['call.answered'], 15_000, until),
    call: judge(all, 'call.queued', ['call.answered', 'call.announced', 'call.abandoned'], 30_000, until),
    acknowledge: judge(
      all,
      'ticket.created',
      ['ticket.acknowledged', 'ticket.replied', 'ticket.cancelled'],
      2 * 60 * MINUTE,
      until,
    ),
    solution: judge(all, 'ticket.created', ['ticket.solution_proposed', 'ticket.cancelled'], DAY, until),
  };
  for (const [name, { kept, broken, brokenLive }] of Object.entries(shares)) {
    t.ok(kept > 4 * broken, `${name}: ${kept} kept, ${broken} broken`);
    t.ok(brokenLive > 0, `${name}: ${brokenLive} broken while watched`);
  }
});

/** Counts the cases whose first stop came within the target of their start. */
function judge(events: CloudEvent[], start: string, stops: string[], target: number, until: number) {
  const cases = new Map<string, { from: number; to: number }>();
  for (const event of [...events].sort((a, b) => compareCodePoints(a.time, b.time))) {
    const at = Date.parse(event.time);
    const known = cases.get(event.subject);
    if (event.type === start && !known) cases.set(event.subject, { from: at, to: Number.POSITIVE_INFINITY });
    if (stops.includes(event.type) && known) known.to = Math.min(known.to, at);
  }
  const due = [...cases.values()].filter(one => one.from + target <= until);
  const broken = due.filter(one => one.to > one.from + target);
  const brokenLive = broken.filter(one => one.from + target > START).length;
  return { kept: due.length - broken.length, broken: broken.length, brokenLive };
}

t.test('the burst crosses 5 % and the investigation brings calm, in all and in every queue', async t => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const { centre, past } = opened(seed);
    const events = [...past, ...run(centre, START, START + 12 * MINUTE, 1000)];
    const rate = (at: number, queue?: string) => complaintRate(events, at, queue);
    t.ok(rate(START).value < 0.04, `seed ${seed}: ${rate(START).value} at the start`);
    const crossed = Array.from({ length: 60 }, (_, i) => START + MINUTE + i * 1000).find(
      at => rate(at).value > 0.05 && rate(at).of >= 20,
    );
    t.ok(crossed !== undefined, `seed ${seed}: crossed between 60 and 120 s`);
    if (crossed !== undefined) t.ok(rate(crossed + MINUTE).value > 0.05, 'and stays there for a minute');
    const after = START + 7 * MINUTE;
    t.ok(rate(after).value <= 0.04, `seed ${seed}: ${rate(after).value} after seven minutes`);
    for (const queue of ['hotline', 'repair', 'consultation', 'online']) {
      t.ok(rate(START, queue).value <= 0.05, `seed ${seed}: ${queue} quiet at the start`);
      t.ok(rate(after, queue).value <= 0.04, `seed ${seed}: ${queue} calm again`);
    }
  }
});

/** A plain count over the last 24 hours, with each ticket's kind as it is known at `at`. */
function complaintRate(events: CloudEvent[], at: number, queue?: string): { value: number; of: number } {
  const kinds = new Map<string, unknown>();
  const known = events.filter(event => Date.parse(event.time) <= at);
  for (const event of known) {
    const inside = Date.parse(event.time) > at - DAY && (queue === undefined || event.data.queue === queue);
    if (event.type === 'ticket.created' && inside) kinds.set(event.subject, event.data.kind);
  }
  for (const event of known) {
    if (event.type === 'ticket.updated' && kinds.has(event.subject))
      kinds.set(event.subject, event.data.kind);
  }
  const complaints = [...kinds.values()].filter(kind => kind === 'complaint').length;
  return { value: kinds.size === 0 ? 0 : complaints / kinds.size, of: kinds.size };
}

t.test('after a crash it tells again what it told, and then closes the lines', async t => {
  const { centre } = opened(4);
  run(centre, START, START + 3 * MINUTE, 250);
  const state = stored(centre);
  const lost = run(centre, START + 3 * MINUTE, START + 3 * MINUTE + STORE_EVERY, 250);
  const again = new Centre(state);
  t.same(again.finish(), []);
  const settled = again.settle(START + 60 * MINUTE);
  t.same(settled.slice(0, lost.length), lost);
  t.same(again.state.calls, {});
  t.equal(settled.filter(event => event.type === 'agent.signed_off').length, 18);
});

t.test('a stop and a start go on: no second history, no id twice, no call left open', async t => {
  const { centre, past } = opened(5);
  const events = [
    ...past,
    ...run(centre, START, START + 2 * MINUTE, 250),
    ...centre.close(START + 2 * MINUTE),
  ];
  const next = new Centre(stored(centre));
  const back = START + 32 * MINUTE;
  t.same(next.settle(back), []);
  next.begin(back, 1);
  const gap = next.open();
  t.ok(gap.length < past.length / 4, `${gap.length} events of half an hour's absence`);
  t.ok(gap.every(event => Date.parse(event.time) >= START + 2 * MINUTE - 1));
  events.push(...gap, ...run(next, back, back + 2 * MINUTE, 250), ...next.close(back + 2 * MINUTE));
  t.equal(new Set(events.map(event => event.id)).size, events.length);
  const ended = new Set(
    events
      .filter(event => ['call.ended', 'call.abandoned', 'chat.ended'].includes(event.type))
      .map(event => event.subject),
  );
  const begun = events.filter(event => event.type === 'call.queued' || event.type === 'chat.started');
  t.same(
    begun.filter(event => !ended.has(event.subject)),
    [],
  );
});

t.test('an opening that was cut off is told again with the same ids', async t => {
  const centre = new Centre(newCentre(6, 1, START));
  centre.begin(START, 1);
  const state = stored(centre);
  t.same(new Centre(state).finish(), centre.open());
});
