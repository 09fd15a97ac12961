// The built wallboard in a real browser, against a server whose frames the test sends by hand.
import t from 'tap';
import { busyBoard, emptyBoard, snapshot, TITLES } from './fixtures/board.ts';
import { startBoardServer } from './fixtures/board-server.ts';
import { crowdedBoard, longBoard } from './fixtures/full-boards.ts';
import { buildPages, text } from './fixtures/pages.ts';

const { dist, browser, problems, open } = await buildPages(t, t.testdir());

const fresh = '.page[data-stale="false"]';
const grey = '.page[data-stale="true"]';

t.test('a snapshot is shown, a delta changes it', async t => {
  const { page, server, change } = await open(t, busyBoard);
  t.same(server.subscriptions, [{ subscribe: 'overview' }]);
  t.match(await text(page, 'h1'), '晨光家居客户服务中心');
  t.match(await text(page, '[data-rule="S0-20"]'), /6\.3%[\s\S]*告警[\s\S]*上限 5%[\s\S]*32 \/ 508/);
  t.match(await text(page, '[data-rule="S1-20"]'), '样本不足');
  t.match(await text(page, '.alerts'), /严重[\s\S]*投诉率[\s\S]*专项调查/);
  t.match(await text(page, '[data-queue="报修"]'), /4\s+0:2\d\s+91\.3%\s+3\.2%\s+9\.1%\s+164\s+7/);
  t.equal(await page.locator('.feed-item[data-arrived="true"]').count(), 0, 'nothing flashes at first');
  t.equal(
    await page.evaluate(() => document.documentElement.scrollHeight > innerHeight),
    false,
    'no scrolling',
  );

  change({
    alerts: [],
    feed: [{ id: 'n', at: Date.now(), kind: 'breached', rule: 'S0-02', title: TITLES.chat, subject: 'C-1' }],
  });
  await page.waitForSelector('.feed-item[data-arrived="true"]');
  t.match(await text(page, '.alerts'), '当前没有告警');
  t.match(await text(page, '.feed'), /在线首次响应[\s\S]*逾期/);
  t.match(await text(page, '#age'), /数据 \d\.\d 秒前/);
});

t.test('countdowns tick, paused ones stand still', async t => {
  const { page } = await open(t, busyBoard);
  const count = (id: string) => text(page, `[data-case="${id}"] .risk-count`);
  const [running, paused, late] = [await count('T-10482'), await count('T-10431'), await count('T-10455')];
  t.match(running, /^3:4\d$/);
  t.equal(paused, '18:00');
  t.match(await text(page, '[data-case="T-10431"]'), '已暂停');
  t.match(late, /^\+0:\d\d$/);
  await page.waitForFunction(
    was => document.querySelector('[data-case="T-10482"] .risk-count')?.textContent !== was,
    running,
  );
  await page.waitForFunction(
    was => document.querySelector('[data-case="T-10455"] .risk-count')?.textContent !== was,
    late,
  );
  t.ok((await count('T-10482')) < running, 'running down');
  t.ok((await count('T-10455')) > late, 'counting up');
  t.equal(await count('T-10431'), paused);
});

t.test('a due instant that may move is marked, with why', async t => {
  const { page } = await open(t, now => {
    const [row, ...rows] = busyBoard(now).atRisk;
    return { ...busyBoard(now), atRisk: row === undefined ? rows : [{ ...row, uncovered: true }, ...rows] };
  });
  const mark = page.locator('[data-kind="atRisk"] abbr');
  await mark.waitFor();
  t.equal(await mark.count(), 1, 'and no other');
  t.equal(await mark.getAttribute('title'), '该年份节假日未公布，按普通工时计算');
  t.match(await text(page, '[data-case="C-20871"] .risk-time'), '≈');
  t.equal(
    await text(page, '[data-kind="atRisk"] .card-note'),
    '≈ 该年份节假日未公布，按普通工时计算',
    'on a wall too',
  );
  t.equal(await page.locator('.card-note').count(), 1);
});

t.test('the board counts on the server’s clock', async t => {
  const ahead = Date.now() + 3_600_000;
  const { page, server } = await open(t, emptyBoard);
  server.send(snapshot(busyBoard(ahead), ahead, { offset: 40 }));
  await page.waitForSelector('[data-case="T-10482"]');
  t.match(await text(page, '[data-case="T-10482"] .risk-count'), /^3:4\d$/);
});

t.test('grey when the monitor is behind, and back', async t => {
  const { page, change } = await open(t, busyBoard);
  await page.waitForSelector(fresh);
  const colour = () =>
    page.evaluate(() => {
      const icon = document.querySelector('[data-rule="call-service-level"] .icon');
      return icon === null ? '' : getComputedStyle(icon).color;
    });
  const green = await colour();
  change({ health: { fresh: false, pending: 18_342, behind: [2, 5] } });
  await page.waitForSelector(grey);
  t.match(await text(page, '.banner'), /数据滞后[\s\S]*18,342[\s\S]*2, 5/);
  t.match(await text(page, '[data-rule="call-service-level"]'), '未知', 'no stale "normal"');
  t.not(await colour(), green);
  change({ health: { fresh: true, pending: 0, behind: [] } });
  await page.waitForSelector(fresh);
  t.equal(await page.locator('.banner').count(), 0);
  t.equal(await colour(), green);
});

t.test('grey when the connection is lost; comes back with epoch and offset', async t => {
  const { page, server, change } = await open(t, busyBoard);
  change({ overdueCount: 13 });
  await page.waitForFunction(
    () => document.querySelector('[data-kind="overdue"] .card-count')?.textContent === '13',
  );
  server.refuse = true;
  server.cut();
  await page.waitForSelector(grey);
  t.match(await text(page, '.banner'), /连接已中断[\s\S]*停留在/);
  server.refuse = false;
  await server.subscribed(2);
  t.same(server.subscriptions[1], { subscribe: 'overview', epoch: 'epoch-1', offset: 11 });
  t.equal(await page.locator(grey).count(), 1, 'still grey until the server has answered');
  change({ overdueCount: 14 });
  await page.waitForSelector(fresh);
  t.equal(await text(page, '[data-kind="overdue"] .card-count'), '14');
});

t.test('grey after twelve silent seconds, though connected', async t => {
  const server = await startBoardServer(dist);
  const page = await browser.newPage();
  t.teardown(async () => {
    await page.close();
    await server.close();
  });
  await page.clock.install();
  server.onSubscribe = frame =>
    frame.offset === undefined ? [snapshot(busyBoard(Date.now()), Date.now())] : [];
  await page.goto(server.url);
  await page.waitForSelector(fresh);
  await page.clock.runFor(11_000);
  t.equal(await page.locator(fresh).count(), 1);
  await page.clock.runFor(2_000);
  await page.waitForSelector(grey);
  await server.subscribed(2);
  t.match(server.subscriptions[1], { epoch: 'epoch-1', offset: 10 }, 'it tries again by itself');
});

t.test('a gap asks for a fresh snapshot', async t => {
  const { page, server } = await open(t, busyBoard);
  server.onSubscribe = () => [
    snapshot({ ...busyBoard(Date.now()), overdueCount: 77 }, Date.now(), { offset: 30 }),
  ];
  server.send({ type: 'delta', offset: 15, asOf: new Date().toISOString(), changes: { overdueCount: 99 } });
  await server.subscribed(2);
  t.same(server.subscriptions[1], { subscribe: 'overview' }, 'on the same socket, without an offset');
  await page.waitForFunction(
    () => document.querySelector('[data-kind="overdue"] .card-count')?.textContent === '77',
  );
  server.send({ type: 'delta', offset: 31, asOf: new Date().toISOString(), changes: { overdueCount: 78 } });
  await page.waitForFunction(
    () => document.querySelector('[data-kind="overdue"] .card-count')?.textContent === '78',
  );
  t.equal(server.subscriptions.length, 2);
});

t.test('signed out: to the sign-in page, by close code or by a refused handshake', async t => {
  const one = await open(t, emptyBoard);
  one.server.cut(4401);
  await one.page.waitForURL('**/signin');
  const two = await open(t, emptyBoard);
  two.server.refuse = true;
  two.server.signedOut = true;
  two.server.cut();
  await two.page.waitForURL('**/signin');
  t.pass('both lead there');
});

t.test('language and theme: by address, by browser, by button, and kept', async t => {
  const { page, server } = await open(t, busyBoard, '', 'en-GB');
  t.match(await text(page, '.queues'), 'Queues', 'as the browser says');
  t.equal(await page.getAttribute('html', 'lang'), 'en');
  t.equal(await page.getAttribute('html', 'data-theme'), 'light');
  await page.click('#lang');
  await page.click('#theme');
  t.match(await text(page, '.queues'), '队列');
  t.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
  t.equal(await page.getAttribute('html', 'data-theme'), 'dark');
  await page.reload();
  await page.waitForSelector('.figures');
  t.match(await text(page, '.queues'), '队列', 'kept');
  t.equal(await page.getAttribute('html', 'data-theme'), 'dark');
  await page.goto(`${server.url}?lang=en&theme=light`);
  await page.waitForSelector('.figures');
  t.match(await text(page, '.queues'), 'Queues', 'the address goes first');
  t.equal(await page.getAttribute('html', 'data-theme'), 'light');
});

t.test('an empty board says so', async t => {
  const { page } = await open(t, emptyBoard, 'lang=en');
  t.match(await text(page, '[data-rule="S0-20"]'), /—[\s\S]*No data/);
  t.match(await text(page, '.main'), /No alerts[\s\S]*No queues yet[\s\S]*No agents[\s\S]*Nothing is close/);
});

t.test('what no figure of the policy measures is not shown as nothing', async t => {
  const { page } = await open(t, now => {
    const board = busyBoard(now);
    return { ...board, agents: null, queues: board.queues.map(row => ({ ...row, waiting: null })) };
  });
  await page.waitForSelector('[data-queue="报修"]');
  t.equal(await page.locator('.agents').count(), 0);
  t.match(await text(page, '.queue-table thead'), /^队列\s+最长等待\s+服务水平/, 'no column for it');
  t.match(await text(page, '[data-queue="报修"]'), /^报修\s+0:2\d/);
});

t.test('clocks that are overdue: the longest first, all within reach, and said to be clocks', async t => {
  const { page } = await open(t, longBoard, 'lang=en');
  const rows = page.locator('[data-kind="overdue"] tr[data-case]');
  const ids = () => rows.evaluateAll(found => found.map(row => row.getAttribute('data-case')));
  const first = await ids();
  t.equal(first[0], 'T-0');
  t.match(
    await text(page, '[data-kind="overdue"] .card-head'),
    /Overdue\s+90\s+clocks\s+and 50 more clocks\s+1 \/ \d/,
  );
  t.match(await text(page, '[data-kind="atRisk"] .card-head'), /At risk\s+19\s+cases/);
  t.match(await text(page, '.queue-table thead'), /Open cases\s+Overdue cases/);
  await page.click('[data-kind="overdue"] .pager button:first-child');
  t.ok((await ids()).includes('T-39'), 'the last page has the last one');
});

t.test('what is called for at once is told with the roles, in both languages', async t => {
  for (const [lang, wanted] of [
    ['zh', '启动应急预案 → 部门负责人'],
    ['en', 'Emergency plan started → department head'],
  ] as const) {
    const { page } = await open(t, longBoard, `lang=${lang}`);
    t.equal(await text(page, '.feed-item[data-kind="action"] .feed-title'), wanted);
  }
  const { page, change } = await open(t, longBoard, 'lang=en');
  const [own] = longBoard(Date.now()).feed;
  if (own === undefined) throw new Error('no action in the feed');
  change({ feed: [{ ...own, id: 'own', action: 'stop-sale', to: ['ceo'] }] });
  await page.waitForSelector('.feed-item[data-arrived="true"]');
  t.equal(await text(page, '.feed-title'), 'stop-sale → ceo', 'own ones as written');
});

t.test('an alert is as grave in its banner, tile, line and queue as its policy says', async t => {
  const { page, change } = await open(t, now => {
    const board = busyBoard(now);
    return { ...board, alerts: board.alerts.map(each => ({ ...each, severity: 'warning' })) };
  });
  const tones = () =>
    page.evaluate(() => {
      const found = [...document.querySelectorAll('[data-tone]')];
      const colours = found.map(each => getComputedStyle(each.querySelector('.icon') ?? each).color);
      return {
        tones: found.map(each => each.getAttribute('data-tone')),
        colours: [...new Set(colours)],
      };
    });
  const cell = '[data-queue="报修"] td:nth-child(6)';
  const lesser = await tones();
  t.same(lesser.tones, ['warn', 'warn', 'warn', 'warn', 'warn'], 'two banners, one tile, two lines');
  t.equal(lesser.colours.length, 1, 'all of one colour');
  t.equal(await page.getAttribute(cell, 'class'), 'warn');
  t.match(await text(page, '[data-rule="S0-20"]'), '告警', 'and still an alert');

  const board = busyBoard(Date.now());
  change({ alerts: board.alerts });
  await page.waitForSelector('.figure[data-tone="bad"]');
  const grave = await tones();
  t.same(grave.tones, ['bad', 'bad', 'bad', 'bad', 'bad']);
  t.equal(await page.getAttribute(cell, 'class'), 'bad');

  change({
    alerts: [],
    figures: board.figures.map(each => ({ ...each, state: 'ok' })),
    feed: board.feed.map(each => (each.subject === 'all' ? { ...each, severity: 'warning' } : each)),
  });
  await page.waitForSelector('.figure[data-rule="S0-20"][data-state="ok"]');
  t.same(
    (await tones()).tones,
    ['warn', 'bad'],
    'a line says afterwards how grave it was; the worst if unsaid',
  );
});

t.test('thirty queues are turned over like pages, and nothing runs over', async t => {
  const { page } = await open(t, crowdedBoard, 'lang=en');
  const names = () => page.locator('.queue-table tbody th').allInnerTexts();
  const firstPage = await names();
  t.match(await text(page, '.pager'), '1 / 4');
  await page.click('.pager button:last-child');
  t.match(await text(page, '.pager'), '2 / 4');
  t.equal((await names()).filter(name => firstPage.includes(name)).length, 0);
  for (const [width, height] of [
    [1920, 1080],
    [1440, 900],
    [1366, 768],
  ] as const) {
    await page.setViewportSize({ width, height });
    const over = await page.evaluate(() => {
      const root = document.documentElement;
      const cells = [...document.querySelectorAll('.queue-table td, .figure-value, .risk-count')];
      const cut = cells.filter(cell => cell.scrollWidth > cell.clientWidth + 1 && cell.clientWidth > 0);
      const table = document.querySelector('.queue-table');
      const wide = table !== null && table.scrollWidth > (table.parentElement?.clientWidth ?? 0) + 1;
      return {
        page: root.scrollHeight > innerHeight || root.scrollWidth > innerWidth,
        cut: cut.length,
        wide,
      };
    });
    t.same(over, { page: false, cut: 0, wide: false }, `no number is cut at ${width} × ${height}`);
  }
});

t.test('no page reported a problem', async t => {
  t.same(problems, []);
});
