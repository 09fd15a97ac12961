// The board, put together. Until data has come it says that it is connecting and shows nothing else.
import { Agents } from './agents.tsx';
import { Alerts } from './alerts.tsx';
import { Banner } from './banner.tsx';
import { Feed } from './feed.tsx';
import { Figures } from './figures.tsx';
import { Header } from './header.tsx';
import { live, stale, trust } from './live.ts';
import { Queues } from './queues.tsx';
import { Risk } from './risk.tsx';
import { t } from './text.ts';

export function App() {
  const { board } = live.value;
  return (
    <div class="page" data-stale={stale.value} data-trust={trust.value}>
      <Header />
      <Banner />
      {board === null ? (
        trust.value !== 'refused' && <Waiting />
      ) : (
        <main class="main">
          <Alerts alerts={board.alerts} figures={board.figures} />
          <Figures figures={board.figures} alerts={board.alerts} />
          <div class="columns">
            <div class="column">
              <Queues queues={board.queues} alerts={board.alerts} figures={board.figures} />
              {board.agents !== null && <Agents agents={board.agents} />}
            </div>
            <div class="column">
              <Risk kind="atRisk" rows={board.atRisk} total={board.atRiskCount} empty="noRisk" />
              <Risk kind="overdue" rows={board.overdue} total={board.overdueCount} empty="noOverdue" />
            </div>
            <div class="column">
              <Feed feed={board.feed} alerts={board.alerts} />
            </div>
          </div>
        </main>
      )}
    </div>
  );
}

function Waiting() {
  return (
    <main class="waiting">
      <div class="waiting-bar" aria-hidden="true" />
      <p role="status">{t('connecting')}…</p>
      <small>{t('connectingHint')}</small>
    </main>
  );
}
