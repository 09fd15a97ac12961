// The default pack against the rulebook: timelines that read like the rules, kept, broken, at the bound, cancelled.
// A line is: rule | events, each with its time since 10:00 on Friday 2026-11-20 in Shanghai | outcomes of its cycles.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { ENTITIES, type FieldValue, type SlaEvent } from '../../src/contract/event.ts';
import { outcomeAt } from '../../src/engine/cycle.ts';
import { applyEvent, emptyFold, pausesOf } from '../../src/engine/fold.ts';
import { touchOf } from '../../src/engine/touch.ts';
import type { CompiledPolicy } from '../../src/policy/compiled.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { formatError } from '../../src/policy/place.ts';

const PACK = new URL('../../deploy/policies/after-sales.yaml', import.meta.url).pathname;
const START = Date.parse('2026-11-20T10:00:00+08:00');

const TIMELINES = `
S0-01 | 0s call.queued; 30s call.answered                                             | met
S0-01 | 0s call.queued; 30s1ms call.answered                                          | missed
S0-01 | 0s call.queued; 20s call.announced; 5m call.answered                          | met
S0-01 | 0s call.queued; 20s call.abandoned                                            | cancelled
S0-01 | 0s call.queued; 40s call.abandoned                                            | missed
S0-02 | 0s chat.started; 5s chat.message by=customer; 35s chat.message by=agent       | met
S0-02 | 0s chat.started; 5s chat.message by=customer; 9s chat.message by=bot; 36s chat.message by=agent | missed
S0-02 | 0s chat.message by=customer; 9s chat.message by=agent; 1m chat.message by=customer; 9m chat.ended | met
S0-02.ticket | 0s ticket.created channel=wechat; 9s ticket.replied by=bot; 30s ticket.replied by=agent | met
S0-02.ticket | 0s ticket.created channel=social; 30s1ms ticket.replied by=agent       | missed
S0-02.ticket | 0s ticket.created channel=social; 20s ticket.closed                    | cancelled
S0-02.ticket | 0s ticket.created channel=chat; 9h ticket.replied by=agent             |
S0-03 | 0s ticket.created channel=email; 2h ticket.acknowledged                       | met
S0-03 | 0s ticket.created channel=email; 1h ticket.replied by=bot                     | met
S0-03 | 0s ticket.created channel=email; 1h ticket.replied by=customer; 3h ticket.replied by=agent | missed
S0-03 | 0s ticket.created channel=phone; 3h ticket.replied by=agent                   |
S0-03 | 0s ticket.created channel=web kind=problem; 1h ticket.pending reason=customer; 9h ticket.resumed; 10h ticket.acknowledged | met
S0-03 | 0s ticket.created channel=web kind=complaint; 1h ticket.pending reason=customer; 9h ticket.resumed; 10h ticket.acknowledged | missed
S0-03 | 0s ticket.created channel=web; 1h ticket.pending reason=customer; 9h ticket.resumed; 10h ticket.acknowledged | met
S0-03 | 0s ticket.created channel=web; 1h ticket.pending reason=parts; 9h ticket.resumed; 10h ticket.acknowledged | missed
S0-03 | 0s ticket.created channel=web kind=problem; 10m ticket.pending reason=customer; 20m ticket.updated kind=complaint; 130m ticket.replied by=agent | met
S0-03 | 0s ticket.created channel=web kind=problem; 10m ticket.pending reason=customer; 20m ticket.updated kind=complaint; 130m1ms ticket.replied by=agent | missed
S0-03 | 0s ticket.created channel=web; 10m ticket.pending reason=customer; 20m ticket.graded kind=complaint; 3h ticket.resumed; 6h ticket.replied by=agent | missed
S0-03 | 0s ticket.created channel=web; 10m ticket.pending reason=customer kind=complaint; 3h ticket.resumed; 4h ticket.replied by=agent | missed
S0-03 | 0s ticket.created channel=web kind=complaint; 5m ticket.updated kind=query; 10m ticket.pending reason=customer; 3h ticket.replied by=agent | missed
S0-03 | 0s ticket.created channel=app; 1h ticket.resolved                             | cancelled
S0-04 | 0s ticket.created channel=email; 24h ticket.solution_proposed                 | met
S0-04 | 0s ticket.created channel=email; 9h ticket.informed about=progress            | met
S0-04 | 0s ticket.created channel=email; 24h1ms ticket.solution_proposed              | missed
S0-05 | 0s ticket.created; 5h ticket.updated complexity=complex; 9h ticket.escalated details=true customerInformed=true | met
S0-05 | 0s ticket.created; 5h ticket.solution_rejected; 9h ticket.escalated details=true; 10h ticket.resolved | missed
S0-05 | 0s ticket.created; 5h ticket.flagged flag=needs_third_party; 6h ticket.resolved | cancelled
S0-06 | 0s ticket.created kind=problem complexity=standard; 152h ticket.resolved      | met
S0-06 | 0s ticket.created kind=problem complexity=standard; 152h1ms ticket.resolved   | missed
S0-06 | 0s ticket.created kind=problem complexity=standard; 9h ticket.pending reason=parts; 400h ticket.resolved | cancelled
S0-06 | 0s ticket.created kind=problem complexity=standard; 1h ticket.pending reason=parts; 24h ticket.resumed; 25h ticket.pending reason=customer; until 1200h | cancelled
S0-06 | 0s ticket.created kind=problem complexity=standard; 1h ticket.pending reason=customer; 2h ticket.resumed; 152h ticket.resolved | met
S0-06 | 0s ticket.created kind=problem complexity=complex; 9h ticket.resolved         |
S0-07 | 0s ticket.created kind=problem complexity=complex; 272h ticket.resolved       | met
S0-07 | 0s ticket.created kind=problem complexity=complex; 272h1ms ticket.resolved    | missed
S0-07 | 0s ticket.created kind=problem complexity=standard; 9h ticket.resolved        |
S0-07 | 0s ticket.created kind=problem complexity=standard; 9h ticket.pending reason=parts; 99h ticket.informed about=eta | met
S0-07 | 0s ticket.created kind=problem complexity=standard; 1h ticket.pending reason=parts; 24h ticket.resumed; 25h ticket.pending reason=customer; until 1200h | overdue
S0-07 | 0s ticket.created kind=problem complexity=standard; 1h ticket.pending reason=parts; 24h ticket.resumed; 25h ticket.pending reason=customer; 272h ticket.resolved | met
S0-07 | 0s ticket.created; 1h ticket.pending reason=parts; 9h ticket.updated kind=problem complexity=standard; 272h1ms ticket.resolved | missed
S0-07 | 0s ticket.created kind=problem complexity=standard; 1h ticket.pending reason=customer; until 1200h |
S0-07 | 0s ticket.created kind=problem complexity=complex; 9h ticket.informed about=eta; until 20h | running
S0-08 | 0s ticket.created; 1h ticket.solution_implemented; 104h ticket.confirmed      | met
S0-08 | 0s ticket.created; 1h ticket.solution_implemented; 105h ticket.followed_up level=closure done=true | missed
S0-09 | 0s ticket.created; 1h ticket.pending reason=parts; 3h ticket.informed about=eta expectedAt=@99h | met
S0-09 | 0s ticket.created; 1h ticket.pending reason=parts; 3h1ms ticket.informed about=delay expectedAt=@99h | missed
S0-09 | 0s ticket.created; 1h ticket.pending reason=parts; 2h ticket.informed about=delay; until 4h | overdue
S0-09 | 0s ticket.created; 1h ticket.pending reason=parts; 2h ticket.informed about=eta expectedAt=@9h; 3h ticket.resumed; 4h ticket.pending; until 9h | met
S0-09 | 0s ticket.created; 1h ticket.pending reason=customer; 9h ticket.resumed       |
S0-09 | 0s ticket.created; 1h ticket.pending reason=logistics; 2h ticket.resumed      | cancelled
S0-09 | 0s ticket.created; 1h ticket.pending reason=third_party; until 4h             | overdue
S0-10 | 0s ticket.created; 1h ticket.resolved; 9h ticket.closed; 73h ticket.followed_up level=satisfaction done=true | met
S0-10 | 0s ticket.created; 1h ticket.closed; 73h ticket.followed_up level=satisfaction done=false; until 74h | overdue
S0-10 | 0s ticket.created; 1h ticket.resolved; 9h ticket.reopened; 20h ticket.resolved; 30h ticket.followed_up level=satisfaction done=true | cancelled met
S0-11 | 0s ticket.created kind=problem; 1h ticket.replied by=agent; 25h ticket.informed about=progress; 50h ticket.informed about=progress; 60h ticket.resolved | met missed cancelled
S1-01 | 0s ticket.created urgency=urgent; 30m ticket.replied by=agent                 | met
S1-01 | 0s ticket.created urgency=urgent; 9m ticket.replied by=bot; 31m ticket.replied by=agent | missed
S1-01 | 0s ticket.created urgency=normal; 1h ticket.replied by=agent; 2h ticket.updated urgency=urgent; until 3h | overdue
S1-01 | 0s ticket.created urgency=normal; 2h ticket.updated urgency=critical; 150m ticket.replied by=senior | met
S1-01 | 0s ticket.created urgency=urgent; 9m ticket.updated urgency=normal; until 3h  | cancelled
S1-02 | 0s ticket.created urgency=normal; 2h ticket.replied by=bot                    | met
S1-02 | 0s ticket.created urgency=normal; 2h1ms ticket.replied by=agent               | missed
S1-03 | 0s ticket.created kind=consultation; 5s ticket.replied by=bot                 | met
S1-03 | 0s ticket.created kind=consultation; 6s ticket.replied by=bot                 | missed
S1-04 | 0s ticket.created kind=consultation; 5m ticket.handed_over from=bot; 65m ticket.replied by=agent | met
S1-04 | 0s ticket.created kind=consultation; 5m ticket.handed_over from=agent; 99m ticket.replied by=agent |
S1-04.chat | 0s chat.started kind=consultation; 5m chat.handed_over from=bot; 9m chat.message by=bot; 65m chat.message by=agent | met
S1-04.chat | 0s chat.started kind=consultation; 5m chat.handed_over by=bot; 66m chat.message by=agent | missed
S1-04.chat | 0s chat.started kind=consultation; 5m chat.handed_over by=bot; 9m chat.ended | cancelled
S1-04.chat | 0s chat.started kind=consultation; 5m chat.handed_over by=agent; 99m chat.message by=agent |
S1-04.chat | 0s chat.started kind=problem; 5m chat.handed_over by=bot; 99m chat.message by=agent |
S1-05 | 0s ticket.created urgency=urgent; 30m ticket.assigned tier=senior             | met
S1-05 | 0s ticket.created urgency=urgent; 9m ticket.assigned tier=specialist; 31m ticket.assigned tier=lead | missed
S1-06 | 0s ticket.created; 1h ticket.promised promise=a dueAt=@4h; 2h ticket.promised promise=b dueAt=@3h; 4h ticket.promise_kept promise=a; 5h ticket.promise_kept promise=b | met missed
S1-06 | 0s ticket.created; 1h ticket.promised promise=a; 2h ticket.promised dueAt=@3h |
S1-07 | 0s ticket.surveyed satisfaction=dissatisfied; 1h ticket.followed_up level=specialist done=true | met
S1-07 | 0s ticket.surveyed satisfaction=fair; 2h ticket.followed_up level=specialist done=true |
S1-08 | 0s ticket.surveyed satisfaction=dissatisfied; 1h ticket.followed_up level=specialist done=true; 24h ticket.followed_up level=supervisor done=true | met
S1-09 | 0s ticket.surveyed satisfaction=dissatisfied; 48h1ms ticket.followed_up level=senior done=true | missed
S2-01 | 0s call.queued; 5s call.ringing; 20s call.answered rings=3                    | met
S2-01 | 0s call.queued; 5s call.ringing; 21s call.answered rings=4                    | missed
S2-02 | 0s ticket.created kind=complaint; 1h ticket.department_assigned department=quality | met
S2-02 | 0s ticket.created kind=query complexity=standard; 2h ticket.department_assigned department=quality |
S2-03 | 0s ticket.created kind=complaint; 24h ticket.replied by=supervisor            | met
S2-03 | 0s ticket.created; 20h ticket.updated kind=complaint; 25h ticket.replied by=agent | missed
S2-03 | 0s ticket.created kind=complaint; 1h ticket.replied by=agent; 2h ticket.updated kind=query | met
S2-04 | 0s ticket.created kind=request; 48h ticket.resolved                           | met
S2-05 | 0s ticket.department_finished department=a; 1h ticket.informed; 2h ticket.department_finished department=b; until 4h | met overdue
S2-05 | 0s ticket.department_finished department=a; 50m ticket.department_finished department=b; 70m ticket.informed | missed met
S2-05 | 0s ticket.department_finished department=a; 50m ticket.department_finished department=b; 55m ticket.informed | met met
S2-05 | 0s ticket.department_finished department=a; 50m ticket.department_finished department=b; until 2h | overdue overdue
S2-05 | 0s ticket.department_finished department=a; 50m ticket.department_finished department=b; 55m ticket.cancelled | cancelled cancelled
S3-01 | 0s ticket.created; 1h ticket.replied by=agent; 25h ticket.replied by=agent; 30h ticket.resolved | met cancelled
S3-01 | 0s ticket.created; 1h ticket.handed_over from=agent; 26h ticket.informed; 30h ticket.resolved | missed
S4-01 | 0s ticket.created kind=repair; 9h ticket.replied by=agent; 24h ticket.solution_proposed | met
S4-01 | 0s ticket.created kind=repair; 25h ticket.visit_agreed                        | missed
S4-02 | 0s ticket.created distance=local; 24h ticket.visit_agreed                     | met
S4-02 | 0s ticket.created distance=local; 9h ticket.updated distance=other_province; 168h ticket.arrived | met
S4-02 | 0s ticket.created distance=neighbouring; 72h1ms ticket.arrived                | missed
S4-02 | 0s ticket.created; 99h ticket.arrived                                         |
S4-03 | 0s ticket.created; 1h ticket.flagged flag=special; 37h ticket.informed about=delay expectedAt=@99h | met
S4-03 | 0s ticket.created; 1h ticket.flagged flag=special; 9h ticket.informed about=delay; until 38h | overdue
S4-04 | 0s ticket.created kind=complaint; 1h ticket.resolved; 73h ticket.followed_up level=closure done=true | met
S4-04 | 0s ticket.created kind=complaint; 1h ticket.resolved; 74h ticket.followed_up level=closure done=true | missed
S4-05 | 0s ticket.created kind=complaint; 1h ticket.graded severity=major; 75m ticket.escalated to=management | met
S4-05 | 0s ticket.created kind=complaint; 1h ticket.graded severity=major; 76m ticket.escalated level=management | missed
S4-05 | 0s ticket.created kind=complaint; 1h ticket.graded severity=general; 9h ticket.closed |
S4-F1.1 | 0s ticket.created; 1h ticket.updated flow=S4-F1; 80h ticket.stage_completed flow=S4-F1 stage=evidence | met
S4-F1.2 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=1; 4h ticket.stage_completed flow=S4-F1 stage=2 | missed
S4-F1.5 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=4; 8h ticket.stage_completed flow=S4-F1 stage=return | met
S4-F1.5 | 0s ticket.created flow=S4-F1; 8h ticket.stage_completed flow=S4-F1 stage=4; 80h ticket.stage_completed flow=S4-F1 stage=return | met
S4-F1.8 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=order nextDueAt=@99h; 99h ticket.stage_completed flow=S4-F1 stage=production | met
S4-F1.11 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=10; 128h ticket.stage_completed flow=S4-F1 stage=11 | met
S4-F2.3 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed flow=S4-F2 stage=2; 5h ticket.stage_completed flow=S4-F2 stage=quotation | met
S4-F2.9 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed flow=S4-F2 stage=8; 81h ticket.stage_completed flow=S4-F2 stage=9 | missed
S0-08 | 0s ticket.created; 1h ticket.solution_implemented; 9h ticket.solution_rejected | cancelled
S0-11 | 0s ticket.created kind=repair; 1h ticket.replied by=agent; until 26h           | overdue
S0-11 | 0s ticket.created kind=consultation; 1h ticket.replied by=agent; until 26h    |
S1-03 | 0s ticket.created kind=consultation; 3s ticket.resolved                       | cancelled
S1-04 | 0s ticket.created kind=consultation; 5m ticket.handed_over from=bot; 66m ticket.replied by=agent | missed
S1-04 | 0s ticket.created kind=consultation; 5m ticket.handed_over from=bot; 9m ticket.replied by=bot; until 70m | overdue
S1-05 | 0s ticket.created urgency=urgent; 9m ticket.closed                            | cancelled
S1-07 | 0s ticket.surveyed satisfaction=dissatisfied; 1h1ms ticket.followed_up level=specialist done=true | missed
S1-07 | 0s ticket.surveyed satisfaction=dissatisfied; 9m ticket.followed_up level=specialist done=false; until 2h | overdue
S1-08 | 0s ticket.surveyed satisfaction=dissatisfied; 25h ticket.followed_up level=supervisor done=true | missed
S1-08 | 0s ticket.surveyed satisfaction=dissatisfied; 9h ticket.cancelled             | cancelled
S1-09 | 0s ticket.surveyed satisfaction=dissatisfied; 48h ticket.followed_up level=senior done=true | met
S2-01 | 0s call.ringing; 9s call.abandoned                                            | cancelled
S2-02 | 0s ticket.created kind=complaint; 61m ticket.department_assigned department=quality | missed
S2-02 | 0s ticket.created complexity=complex; 9m ticket.resolved                      | cancelled
S2-04 | 0s ticket.created kind=request; 49h ticket.closed                             | missed
S2-04 | 0s ticket.created kind=request; 9h ticket.cancelled                           | cancelled
S2-05 | 0s ticket.department_finished department=a; 1h1ms ticket.replied by=agent     | missed
S4-01 | 0s ticket.created kind=repair; 9h ticket.closed                               | cancelled
S4-02 | 0s ticket.created distance=local; 9h ticket.resolved                          | cancelled
S4-03 | 0s ticket.created; 1h ticket.flagged flag=special; 38h ticket.informed about=eta expectedAt=@99h | missed
S4-03 | 0s ticket.created; 1h ticket.flagged flag=special; 9h ticket.informed about=progress; until 38h | overdue
S4-04 | 0s ticket.created kind=complaint; 1h ticket.resolved; 9h ticket.reopened      | cancelled
S4-F1.1 | 0s ticket.created flow=S4-F1; 80h1ms ticket.stage_completed flow=S4-F1 stage=1 | missed
S4-F1.2 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=1; 3h ticket.stage_completed flow=S4-F1 stage=2 | met
S4-F1.3 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=2; 3h ticket.stage_completed flow=S4-F1 stage=quotation | met
S4-F1.3 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=2; 3h1ms ticket.stage_completed flow=S4-F1 stage=3 | missed
S4-F1.4 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=3; 80h ticket.stage_completed flow=S4-F1 stage=4 | met
S4-F1.4 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=3; 81h ticket.stage_completed flow=S4-F1 stage=4 | missed
S4-F1.5 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=4; 8h1ms ticket.stage_completed flow=S4-F1 stage=5 | missed
S4-F1.6 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=5; 3h ticket.stage_completed flow=S4-F1 stage=finance | met
S4-F1.6 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=5; 2h ticket.closed | cancelled
S4-F1.7 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=6; 3h ticket.stage_completed flow=S4-F1 stage=7 | met
S4-F1.7 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=6; 4h ticket.stage_completed flow=S4-F1 stage=7 | missed
S4-F1.8 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=7 nextDueAt=@99h; 100h ticket.stage_completed flow=S4-F1 stage=8 | missed
S4-F1.8 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=7; 100h ticket.stage_completed flow=S4-F1 stage=8 |
S4-F1.9 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=8; 8h ticket.stage_completed flow=S4-F1 stage=发货 | met
S4-F1.9 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=8; 9h ticket.stage_completed flow=S4-F1 stage=9 | missed
S4-F1.10 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=9; 128h ticket.stage_completed flow=S4-F1 stage=安装 | met
S4-F1.10 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=9; 128h1ms ticket.stage_completed flow=S4-F1 stage=10 | missed
S4-F1.11 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed flow=S4-F1 stage=10; 129h ticket.stage_completed flow=S4-F1 stage=11 | missed
S4-F2.1 | 0s ticket.created flow=S4-F2; 80h ticket.stage_completed flow=S4-F2 stage=application | met
S4-F2.1 | 0s ticket.created flow=S4-F2; 81h ticket.stage_completed flow=S4-F2 stage=1 | missed
S4-F2.1 | 0s ticket.created flow=S4-F1; until 9h                                  |
S4-F2.2 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed flow=S4-F2 stage=1; 3h ticket.stage_completed flow=S4-F2 stage=2 | met
S4-F2.2 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed flow=S4-F2 stage=1; 4h ticket.stage_completed flow=S4-F2 stage=2 | missed
S4-F2.3 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed flow=S4-F2 stage=2; 6h ticket.stage_completed flow=S4-F2 stage=3 | missed
S4-F2.4 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed flow=S4-F2 stage=3; 2h ticket.stage_completed flow=S4-F2 stage=confirmation | met
S4-F2.4 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed flow=S4-F2 stage=3; 2h1ms ticket.stage_completed flow=S4-F2 stage=4 | missed
S4-F2.5 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed flow=S4-F2 stage=4; 8h ticket.stage_completed flow=S4-F2 stage=当天回传 | met
S4-F2.5 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed flow=S4-F2 stage=4; 9h ticket.stage_completed flow=S4-F2 stage=5 | missed
S4-F2.6 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed flow=S4-F2 stage=5; 3h ticket.stage_completed flow=S4-F2 stage=6 | met
S4-F2.6 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed flow=S4-F2 stage=5; 4h ticket.stage_completed flow=S4-F2 stage=6 | missed
S4-F2.7 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed flow=S4-F2 stage=6; 5h ticket.stage_completed flow=S4-F2 stage=7 | met
S4-F2.7 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed flow=S4-F2 stage=6; 5h1ms ticket.stage_completed flow=S4-F2 stage=7 | missed
S4-F2.8 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed flow=S4-F2 stage=7 nextDueAt=@50h; 50h ticket.stage_completed flow=S4-F2 stage=生产 | met
S4-F2.8 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed flow=S4-F2 stage=7 nextDueAt=@50h; 51h ticket.stage_completed flow=S4-F2 stage=8 | missed
S4-F2.9 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed flow=S4-F2 stage=8; 80h ticket.stage_completed flow=S4-F2 stage=9 | met
S4-F1.1 | 0s ticket.created queue=q1; 1h ticket.stage_completed flow=S4-F1 stage=1; until 200h |
S4-F1.1 | 0s ticket.created queue=q1; 1h ticket.stage_completed flow=S4-F1 stage=3; until 200h |
S4-F1.1 | 0s ticket.stage_completed flow=F1 stage=1; 1h ticket.updated queue=q1; 2h ticket.updated flow=S4-F1; until 200h |
S4-F1.1 | 0s ticket.created flow=F1; 1h ticket.updated flow=S4-F1; 2h ticket.stage_completed stage=1; 3h ticket.updated flow=问题反馈售后流程; until 200h | met
S4-F1.1 | 0s ticket.created flow=S4-F1; 1h ticket.stage_completed stage=evidence; 2h ticket.updated flow=S4-F2; 3h ticket.updated flow=S4-F1; until 200h | met
S4-F1.1 | 0s ticket.created flow=S4-F2; 1h ticket.stage_completed stage=1; 2h ticket.assigned flow=S4-F1; until 200h | overdue
S4-F1.1 | 0s ticket.created flow=S4-F1; 0s ticket.stage_completed stage=1                | met
S4-F1.2 | 0s ticket.created queue=q1; 1h ticket.stage_completed flow=S4-F1 stage=1; 2h ticket.stage_completed stage=2 | met
S4-F1.2 | 0s ticket.created flow=问题反馈售后流程; 1h ticket.stage_completed stage=提供证据; 4h ticket.stage_completed stage=2 | missed
S4-F1.4 | 0s ticket.created; 1h ticket.stage_completed flow=F1 stage=3; 2h ticket.stage_completed flow=问题反馈售后流程 stage=4 | met
S4-F2.1 | 0s ticket.created queue=q1; 1h ticket.stage_completed flow=S4-F2 stage=1; until 200h |
S4-F2.1 | 0s ticket.created queue=q1; 1h ticket.stage_completed flow=F2 stage=9; 2h ticket.updated flow=收款补单售后流程; until 200h |
S4-F2.1 | 0s ticket.created flow=收款补单售后流程; 1h ticket.updated flow=F2; 2h ticket.stage_completed stage=补单申请; 3h ticket.updated flow=S4-F2; until 200h | met
S4-F2.1 | 0s ticket.created flow=F1; 1h ticket.stage_completed stage=1; 2h ticket.updated flow=F2; until 200h | overdue
S4-F2.2 | 0s ticket.created flow=F1; 1h ticket.stage_completed flow=F2 stage=1; 2h ticket.stage_completed stage=2 | met
E-02C | 0s ticket.created; 1h ticket.acknowledged; 2h ticket.informed about=milestone; 3h ticket.dispatched; 4h ticket.informed about=milestone | met met
E-02C | 0s ticket.created; 60m ticket.dispatched; 80m ticket.arrived; 110m ticket.resolved; 2h ticket.informed about=milestone; until 9h | overdue overdue met
E-02C | 0s ticket.created; 1h ticket.dispatched; 4h ticket.arrived; 5h ticket.informed; 6h ticket.resolved; 7h ticket.informed | overdue met met
E-02C | 0s ticket.created; 1h ticket.pending reason=parts; 2h ticket.informed; 3h ticket.resumed; 4h ticket.pending; until 9h | met
E-02C | 0s ticket.created; 1h ticket.arrived; 3h1ms ticket.informed about=milestone   | missed
E-02C | 0s ticket.created; 1h ticket.resolved; 2h ticket.cancelled                    | cancelled
E-04C | 0s ticket.created kind=complaint; 1h ticket.resolved; 9h ticket.followed_up done=false | met
E-04C | 0s ticket.created kind=complaint; 1h ticket.closed; 74h ticket.followed_up done=true | missed
E-04C | 0s ticket.created kind=query; 1h ticket.closed; until 99h                     |
CC-03C | 0s call.queued; 20s call.answered                                            | met
CC-03C | 0s call.queued; 19s call.abandoned                                           | cancelled
CC-03C | 0s call.queued; 21s call.abandoned                                           | missed
S0-05 | 0s ticket.created complexity=complex; 1h ticket.updated complexity=standard; until 9h | cancelled
S0-05 | 0s ticket.created complexity=complex; 5h ticket.updated complexity=standard; until 9h | cancelled
S0-05 | 0s ticket.created complexity=complex; 1h ticket.escalated details=true customerInformed=true; 2h ticket.updated complexity=standard; 3h ticket.updated complexity=complex; until 9h | met overdue
S0-05 | 0s ticket.created complexity=complex; 1h ticket.solution_rejected; 2h ticket.updated complexity=standard; until 9h | overdue
S0-05 | 0s ticket.created; 1h ticket.resolved complexity=complex; until 9h            |
S0-05 | 0s ticket.created; 1h ticket.resolved; 2h ticket.closed complexity=complex; until 9h |
S0-05 | 0s ticket.created; 1h ticket.resolved complexity=complex; 2h ticket.reopened; until 9h | overdue
S0-05 | 0s ticket.created; 1h ticket.resolved; 2h ticket.flagged flag=needs_third_party; until 9h |
S0-05 | 0s ticket.created; 1h ticket.resolved; 2h ticket.solution_rejected; until 9h  | overdue
S0-05 | 0s ticket.created; 1h ticket.solution_rejected; 2h ticket.escalated details=true customerInformed=true; 5h ticket.solution_rejected; until 12h | met overdue
S0-10 | 0s ticket.created; 1h ticket.cancelled; 2h ticket.closed; until 99h           |
S0-10 | 0s ticket.created; 1h ticket.merged into=9; 2h ticket.closed; until 99h       |
S0-10 | 0s ticket.created; 1h ticket.cancelled; 2h ticket.reopened; 3h ticket.resolved; 4h ticket.closed; until 99h | overdue
S0-11 | 0s ticket.created kind=problem; 1h ticket.resolved; 2h ticket.informed; until 99h |
S0-11 | 0s ticket.created kind=problem; 1h ticket.cancelled; 2h ticket.replied by=agent; until 99h |
S0-11 | 0s ticket.created kind=problem; 1h ticket.merged into=9; 2h ticket.replied by=agent; until 99h |
S0-11 | 0s ticket.created kind=problem; 1h ticket.pending reason=parts; 2h ticket.informed; until 27h | overdue
S0-11 | 0s ticket.created kind=problem; 1h ticket.resolved; 2h ticket.reopened; 3h ticket.replied by=agent; until 99h | overdue
S1-03.chat | 0s chat.started kind=consultation; 1m chat.message by=customer; 65s chat.message by=bot; 2m chat.message by=customer; 9m chat.message by=agent | met
S1-03.chat | 0s chat.started; 1m chat.message by=customer; 66s chat.message by=agent; 2m chat.ended kind=consultation | missed
S1-03.chat | 0s chat.started kind=consultation; 1m chat.message by=customer; 62s chat.ended | cancelled
S1-03.chat | 0s chat.started kind=problem; 1m chat.message by=customer; 2m chat.message by=agent |
S1-07 | 0s ticket.surveyed csat=2; 1h ticket.followed_up level=specialist done=true   | met
S1-08 | 0s ticket.surveyed csat=1 satisfaction=dissatisfied; 25h ticket.followed_up level=supervisor done=true | missed
S1-09 | 0s ticket.surveyed csat=3; until 99h                                          |
S3-01 | 0s ticket.created; 1h ticket.resolved; 2h ticket.replied by=agent; until 99h  |
S3-01 | 0s ticket.created; 1h ticket.closed; 2h ticket.handed_over from=agent; until 99h |
S3-01 | 0s ticket.created; 1h ticket.cancelled; 2h ticket.replied by=agent; until 99h |
S3-01 | 0s ticket.created; 1h ticket.merged into=9; 2h ticket.replied by=agent; until 99h |
S3-01 | 0s ticket.created; 1h ticket.pending reason=parts; 2h ticket.replied by=agent; until 27h | overdue
S3-01 | 0s ticket.created; 1h ticket.resolved; 2h ticket.reopened; 3h ticket.replied by=agent; until 99h | overdue
S4-03 | 0s ticket.created; 1h ticket.resolved; 2h ticket.flagged flag=special; until 99h |
S4-04 | 0s ticket.created kind=complaint; 1h ticket.merged into=9; 2h ticket.closed; until 99h |
S4-05 | 0s ticket.created kind=complaint; 1h ticket.graded severity=major; 65m ticket.graded severity=general; until 9h | cancelled
S4-05 | 0s ticket.created kind=complaint; 1h ticket.graded severity=major; 76m ticket.graded severity=general; until 9h | missed
S4-05 | 0s ticket.created kind=complaint; 1h ticket.graded severity=major; 65m ticket.updated severity=general; 2h ticket.graded severity=major; 130m ticket.escalated to=management | cancelled met
E-04C | 0s ticket.created kind=complaint; 1h ticket.cancelled; 2h ticket.closed; until 99h |
S0-04 | 0s ticket.created channel=email; 9h ticket.replied by=agent about=progress; until 25h | met
S0-04 | 0s ticket.created channel=email; 9h ticket.replied by=customer about=progress; until 25h | overdue
S0-04 | 0s ticket.created channel=email; 9h ticket.replied by=agent; until 25h        | overdue
S0-04 | 0s ticket.created channel=email; 9h ticket.solution_implemented; 30h ticket.resolved | met
S0-07 | 0s ticket.created kind=problem complexity=standard; 9h ticket.pending reason=parts; 99h ticket.replied by=agent about=eta expectedAt=@200h | met
S0-09 | 0s ticket.created; 1h ticket.pending reason=parts; 2h ticket.replied by=agent about=delay expectedAt=@99h; until 4h | met
S0-09 | 0s ticket.created; 1h ticket.pending reason=parts; 2h ticket.replied by=customer about=delay expectedAt=@99h; until 4h | overdue
S0-09 | 0s ticket.created; 1h ticket.pending reason=parts; 2h ticket.replied by=agent about=eta; until 4h | overdue
S0-11 | 0s ticket.created kind=problem; 1h ticket.replied by=agent; 20h ticket.solution_proposed; 44h ticket.visit_agreed; 60h ticket.resolved | met met cancelled
S0-11 | 0s ticket.created kind=repair; 1h ticket.visit_agreed; until 26h              | overdue
S1-01 | 0s ticket.created urgency=normal; 1h ticket.replied by=agent; 2h ticket.resolved urgency=urgent; until 9h |
S1-01 | 0s ticket.created; 1h ticket.resolved; 2h ticket.closed urgency=critical; until 9h |
S1-01 | 0s ticket.created; 1h ticket.resolved urgency=urgent; 9h ticket.reopened; 9h30m ticket.replied by=agent | met
S1-01 | 0s ticket.created urgency=urgent; 10m ticket.replied by=agent; 1h ticket.updated urgency=normal; 2h ticket.updated urgency=urgent; 151m ticket.replied by=agent | met missed
S1-01 | 0s ticket.created; 1h ticket.pending reason=customer; 2h ticket.updated urgency=urgent; until 3h | overdue
S1-01 | 0s ticket.created urgency=urgent; 10m ticket.replied by=agent; 1h ticket.resolved; 2h ticket.reopened; until 9h | met
S1-05 | 0s ticket.created urgency=normal; 2h ticket.resolved urgency=urgent; until 9h |
S1-05 | 0s ticket.created urgency=normal; 2h ticket.updated urgency=urgent; 150m ticket.assigned tier=lead | met
S3-01 | 0s ticket.created; 1h ticket.replied by=agent; 20h ticket.visit_agreed; until 99h | met
S3-01 | 0s ticket.created; 1h ticket.handed_over from=agent; 20h ticket.solution_proposed; until 99h | met
S3-01 | 0s ticket.created; 1h ticket.replied by=agent; 25h1ms ticket.arrived; until 99h | missed
S3-01 | 0s ticket.created; 1h ticket.replied by=agent; 20h ticket.dispatched; until 99h | overdue
S4-01 | 0s ticket.created kind=repair; 9h ticket.replied by=senior about=eta expectedAt=@99h; until 25h | met
S4-01 | 0s ticket.created kind=repair; 9h ticket.solution_implemented; until 25h      | met
S4-03 | 0s ticket.created; 1h ticket.flagged flag=special; 9h ticket.replied by=agent about=delay expectedAt=@99h; until 38h | met
E-02C | 0s ticket.created; 1h ticket.arrived; 2h ticket.replied by=agent about=milestone; until 9h | met
E-02C | 0s ticket.created; 1h ticket.arrived; 2h ticket.replied by=agent; until 9h    | overdue
S1-01 | 0s ticket.created; 1h ticket.resolved urgency=urgent; 2h ticket.closed; 9h ticket.reopened; until 11h | overdue
S1-05 | 0s ticket.created; 1h ticket.resolved urgency=urgent; 2h ticket.closed; 9h ticket.reopened; until 11h | overdue
S1-01 | 0s ticket.created urgency=urgent; 10m ticket.replied by=agent; 1h ticket.updated urgency=normal; 2h ticket.resolved; 3h ticket.closed urgency=urgent; until 9h | met
S0-05 | 0s ticket.created; 1h ticket.flagged flag=needs_third_party; 2h ticket.escalated details=true customerInformed=true; 5h ticket.resolved; 6h ticket.closed complexity=complex; until 12h | met
S0-05 | 0s ticket.created; 1h ticket.solution_rejected; 2h ticket.escalated details=true customerInformed=true; 5h ticket.resolved; 6h ticket.closed complexity=complex; until 12h | met
S0-05 | 0s ticket.created complexity=complex; 2h ticket.escalated details=true customerInformed=true; 3h ticket.updated complexity=standard; 5h ticket.resolved; 6h ticket.closed complexity=complex; until 12h | met
S1-01 | 0s ticket.created; 1h ticket.merged into=9; 2h ticket.updated urgency=urgent; until 9h |
S1-05 | 0s ticket.created; 1h ticket.merged into=9; 2h ticket.updated urgency=urgent; until 9h |
S0-05 | 0s ticket.created; 1h ticket.merged into=9; 2h ticket.updated complexity=complex; until 9h |
S0-05 | 0s ticket.created; 1h ticket.merged into=9; 2h ticket.flagged flag=needs_third_party; until 9h |
S4-03 | 0s ticket.created; 1h ticket.merged into=9; 2h ticket.flagged flag=special; until 99h |
S0-09 | 0s ticket.created; 1h ticket.merged into=9; 2h ticket.pending reason=parts; until 99h |
S4-05 | 0s ticket.created kind=complaint; 1h ticket.merged into=9; 2h ticket.graded severity=major; until 99h |
S0-05 | 0s ticket.created complexity=complex; 1h ticket.escalated details=true customerInformed=true; 2h ticket.resolved; 3h ticket.reopened; until 99h | met
S0-05 | 0s ticket.created; 1h ticket.resolved; 2h ticket.solution_rejected; 3h ticket.escalated details=true customerInformed=true; 4h ticket.closed complexity=complex; until 12h | met
S1-01 | 0s ticket.created urgency=urgent; 40m ticket.resolved; until 9h | missed
S0-05 | 0s ticket.created complexity=complex; 5h ticket.closed; until 9h | missed
S0-08 | 0s ticket.created; 1h ticket.solution_implemented; 2h ticket.reopened; until 200h | cancelled
S0-08 | 0s ticket.created; 1h ticket.solution_implemented; 2h ticket.reopened; 120h ticket.solution_implemented; 125h ticket.confirmed | cancelled met
S2-02 | 0s ticket.created complexity=standard; 2h ticket.resolved complexity=complex; until 9h |
S2-02 | 0s ticket.created; 30m ticket.updated complexity=complex; 1h ticket.department_assigned department=a | met
S2-02 | 0s ticket.created complexity=complex; 61m ticket.department_assigned department=a | missed
`;

const FLOWS = [
  [
    'S4-F1',
    '提供证据 信息核对和补单登记 补单报价 报价确认/判定责任 当天回传 财务审核签字 下单 生产 当天发货 安装 回访核销'
      .split(' ')
      .map(stage => `问题反馈售后：${stage}`),
  ],
  [
    'S4-F2',
    '补单申请 信息核对和补单登记 补单报价 报价确认/判定责任 当天回传 财务审核签字 订单分解下单 生产 发货'
      .split(' ')
      .map(stage => `收款补单售后：${stage}`),
  ],
] as const;

/** The documents of rules whose id does not name it; the contact-centre figures (CC) are in none. */
const DOCUMENTS = new Map([
  ['E-01', 'S0'],
  ['E-02', 'S1'],
  ['E-03', 'S2'],
  ['E-04', 'S4'],
]);

const loaded = loadPolicy(readFileSync(PACK, 'utf8'), { file: PACK });
if (!loaded.ok) throw new Error(loaded.errors.map(formatError).join('\n'));
const policy = loaded.policy;

t.test('timelines', async t => {
  for (const line of TIMELINES.trim().split('\n')) {
    const [rule = '', timeline = '', outcomes = ''] = line.split('|').map(cell => cell.trim());
    t.equal(run(policy, rule, timeline).join(' '), outcomes, line.replaceAll(/ +/g, ' '));
  }
});

t.test('each rule of the rulebook has its clock', async t => {
  const wanted =
    `S0-01 S0-02 S0-03 S0-04 S0-05 S0-06 S0-07 S0-08 S0-09 S0-10 S0-11 S1-01 S1-02 S1-03 S1-04 S1-05
    S1-06 S1-07 S1-08 S1-09 S2-01 S2-02 S2-03 S2-04 S2-05 S3-01 S4-01 S4-02 S4-03 S4-04 S4-05`.split(/\s+/);
  for (let stage = 1; stage <= 11; stage++) wanted.push(`S4-F1.${stage}`);
  for (let stage = 1; stage <= 9; stage++) wanted.push(`S4-F2.${stage}`);
  const there = new Map(policy.clocks.map(clock => [clock.rule, clock]));
  for (const rule of wanted) t.equal(there.get(rule)?.source, rule.slice(0, 2), rule);
});

t.test('each figure names its document, by its id or in words', async t => {
  for (const { rule, source } of policy.indicators) {
    const wanted = DOCUMENTS.get(rule) ?? (rule.startsWith('S') ? rule.slice(0, 2) : null);
    t.equal(source, wanted, rule);
  }
});

t.test('titles tell rules apart, and stages name their flow', async t => {
  for (const language of ['zh', 'en'] as const) {
    const titles = policy.clocks.map(({ title }) => title[language]);
    t.same(
      titles.filter((title, i) => titles.indexOf(title) < i),
      [],
      language,
    );
  }
  for (const [flow, stages] of FLOWS) {
    const clocks = policy.clocks.filter(({ rule }) => rule.startsWith(`${flow}.`));
    t.same(
      clocks.map(({ title }) => title.zh),
      stages,
      flow,
    );
  }
});

t.test('what is overdue goes to the supervisor, and further steps above', async t => {
  for (const { rule, ladder } of policy.clocks.filter(({ evidence }) => !evidence)) {
    t.match(ladder[0], { afterMs: 0, to: 'supervisor' }, rule);
    for (const { to } of ladder.slice(1)) t.match(to, /^(manager|department-head)$/, `${rule} then above`);
  }
  const ladder = policy.clocks.find(({ rule }) => rule === 'S4-05')?.ladder ?? [];
  t.match(ladder[1], { afterMs: 5 * 60_000, to: 'department-head' }, 'S4-05 soon');
});

/** The outcomes of a rule's cycles once the timeline has been lived through. */
function run(policy: CompiledPolicy, rule: string, timeline: string): string[] {
  const steps = timeline.split(';').map(step => step.trim().split(/\s+/));
  const events: SlaEvent[] = [];
  let until = START;
  for (const [first = '', second = '', ...fields] of steps) {
    if (first === 'until') until = START + offset(second);
    else {
      until = START + offset(first);
      events.push(eventOf(events.length, until, second, fields));
    }
  }
  const entity = events[0]?.entity;
  if (entity === undefined) throw new Error('a timeline has events');
  const fold = emptyFold(policy, entity);
  for (const [n, event] of events.entries()) applyEvent(fold, events, n, touchOf(fold, event));
  const clock = fold.clocks.find(one => one.clock.rule === rule);
  return (clock?.cycles ?? []).flatMap(cycle => {
    const pauses = clock === undefined ? [] : pausesOf(fold, clock.clock);
    const found = clock === undefined ? null : outcomeAt(clock.clock, cycle, pauses, until);
    return found === null ? [] : [found.outcome];
  });
}

function eventOf(number: number, time: number, type: string, fields: readonly string[]): SlaEvent {
  const entity = ENTITIES.find(one => type.startsWith(`${one}.`));
  if (entity === undefined) throw new Error(`no entity in ${type}`);
  const data = Object.fromEntries(
    fields.map(field => {
      const [name = '', value = ''] = field.split('=');
      return [name, name === 'csat' ? Number(value) : fieldValue(value)];
    }),
  );
  return { id: `e${number}`, source: 'test', type, entity, case: '1', time, fields: data, digest: '' };
}

function fieldValue(text: string): FieldValue {
  if (text === 'true' || text === 'false') return text === 'true';
  return text.startsWith('@') ? new Date(START + offset(text.slice(1))).toISOString() : text;
}

/** `24h1ms` in milliseconds. */
function offset(text: string): number {
  const sizes: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  return [...text.matchAll(/(\d+)(ms|s|m|h)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (sizes[unit ?? ''] ?? Number.NaN),
    0,
  );
}
