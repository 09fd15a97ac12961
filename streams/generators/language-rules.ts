// What of the policy language needs more than a sentence, for its reference: the rules by which time is counted.

export const RULES_OF_TIME = `## How time is counted

Conditions

- A field is looked up in the event's data, else in the case's attributes. \`by\`, \`reason\`, \`about\` and the like belong to their event only.
- A field that no event has carried yet has no value: \`vip: false\` does not hold then, and \`target: { by: vip, values: { true: 2h }, else: 4h }\` gives 4h.
- Events of one instant apply one after the other. Within one event: attributes and \`status\`, pauses, stop, cancel, \`when\`, start. Events of an instant come before deadlines of that instant.
- \`status\` is \`open\` from the first event; \`pending\`, \`resolved\`, \`closed\` and \`cancelled\` come by the events of those names, and \`open\` again by \`.resumed\` and \`.reopened\`.

Cycles

- Where \`when\` becomes true later, the clock is what it would have been had it held since the start event, stops and pauses in between included. While it is false, open cycles are cancelled and what they had counted is withdrawn; true again, the same cycle goes on as if it had never been. Cycles that have ended stay.
- A cancel ends an open cycle: \`cancelled\` up to the due instant, \`missed\` after it. Cancelling hides no breach.
- \`repeat: true\` begins the next cycle at the stop. It has no effect with \`target: { at: … }\` or \`overlap\`.
- \`reopen: continue\` goes on with the cycle that stopped: the gap is in none of its times, and a due instant already passed stays. \`restart\` begins the next cycle. Only the latest cycle of a ticket is reopened, none that a cancel ended, none while \`when\` is false, and none with \`each\` or \`overlap\`.
- With \`each\`, events without the field start and stop nothing.

Due instants

- \`30s\` \`5m\` \`2h\` \`3d\` (24 h each) count open time: due is the earliest instant with that much of it behind. A target that is used up at closing is due at the close.
- \`4bd\`: business days, the starting day not counted, due at the close of the fourth; \`0bd\`: the close of the starting day, or of the next business day when no open time is left on it. \`4bd@same-time\`: at the same local time instead.
- With \`target: { by: … }\` the target follows the attribute's current value until the cycle ends, counted from the start; a breach that then no longer holds is withdrawn. While it finds no value, it is as if \`when\` were false.
- A pause belongs to the case: it holds even if it began before the cycle, and goes on into the next one. One that begins at the due instant or later comes too late to move it.
- A stop at the due instant is in time. \`warn\` counts open time from start to due, \`ladder\` open time from the breach.
- A deadline that was past for more than an hour when it became known notifies nobody: importing history is quiet.

Calendars

- Overlapping ranges unite. A range belongs, whole, to the day on which it opens, even if the next day is closed. On \`always\` each day is a business day and closes at midnight.
- A local time that a clock change skips is read with the offset before the change; one that comes twice is its first.
- A year without holiday data has plain hours, and a warning.

Indicators

- A ratio needs \`count\` and \`of\`; \`mean\`, \`p50\`, \`p90\`, \`p95\`, \`max\` and \`share\` need \`of\`; \`clock\` and \`level\` stand alone. All but a level need \`window\`.
- In \`count\`, \`of\` and \`by\` an attribute is the case's current one, so that a case found to be a complaint later counts as one; other fields are the event's.
- For a clock's share a cycle enters as met at its stop or as not met at its due instant; cancelled and waived ones leave.
- Panes begin at multiples of \`every\` since 1970; a window at T holds the panes that begin after T − window − \`every\`.
- An alert fires strictly beyond its bound and clears at or within \`clear\`. Ratios are 0–1.
`;
