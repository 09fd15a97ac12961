// Agents by state: one bar for the proportions, a number for each state.
import type { Board } from '../../../src/contract/frame.ts';
import { count } from './format.ts';
import { named, t } from './text.ts';

const ORDER = ['available', 'busy', 'wrap_up', 'break', 'away'];

export function Agents(props: { readonly agents: NonNullable<Board['agents']> }) {
  const known = ORDER.map(state => ({
    state,
    count: props.agents.find(each => each.state === state)?.count ?? 0,
  }));
  const others = props.agents.filter(each => !ORDER.includes(each.state) && each.count > 0);
  const states = [...known, ...others];
  const total = states.reduce((sum, each) => sum + each.count, 0);
  return (
    <section class="card agents" aria-labelledby="agents-title">
      <header class="card-head">
        <h2 id="agents-title">{t('agents')}</h2>
        <span class="card-count">{count(total)}</span>
      </header>
      {total === 0 ? (
        <p class="empty">{t('noAgents')}</p>
      ) : (
        <>
          <div class="agents-bar" aria-hidden="true">
            {states.map(
              each =>
                each.count > 0 && (
                  <div key={each.state} data-agent={each.state} style={{ flexGrow: each.count }} />
                ),
            )}
          </div>
          <dl class="agents-list">
            {states.map(each => (
              <div key={each.state} data-agent={each.state}>
                <dt>{named('agent', each.state)}</dt>
                <dd data-zero={each.count === 0}>{count(each.count)}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </section>
  );
}
