// What the wallboard's texts take and leave of their room: nothing cut, broken or clipped, on a wall and on a laptop.
import type { Page } from 'playwright-core';
import t from 'tap';
import type { Board } from '../../src/contract/frame.ts';
import { busyBoard, TITLES } from './fixtures/board.ts';
import { longBoard, packBoard } from './fixtures/full-boards.ts';
import { buildPages, text } from './fixtures/pages.ts';

const { problems, open } = await buildPages(t, t.testdir());

const SIZES = [
  [1920, 1080],
  [1366, 768],
] as const;
const LANGS = ['zh', 'en'] as const;
const THEMES = ['light', 'dark'] as const;

/** Texts that show less than all of themselves, to the side or below, where glyphs hang under their line. */
function cut(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('.page *')]
      .filter(each => [...each.childNodes].some(({ nodeType }) => nodeType === Node.TEXT_NODE))
      .filter(each => getComputedStyle(each).overflowX !== 'visible')
      .filter(each => each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1)
      .map(each => `${each.className} ${each.textContent}`),
  );
}

/** Words of column headers that stand on more than one line. */
function broken(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    for (const { firstChild } of document.querySelectorAll('.queue-table thead th')) {
      for (const word of firstChild?.nodeValue?.matchAll(/\S+/g) ?? []) {
        const range = document.createRange();
        if (firstChild === null) continue;
        range.setStart(firstChild, word.index);
        range.setEnd(firstChild, word.index + word[0].length);
        if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) found.push(word[0]);
      }
    }
    return found;
  });
}

/** Rows whose texts come nearer to a dividing line than a pixel, or that stand out of their list. */
function crammed(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('.risk-table tbody tr, .feed-item')]
      .filter(row => {
        const { top, bottom } = row.getBoundingClientRect();
        const texts = [...row.querySelectorAll('.risk-what > span, .feed-title, .feed-sub')];
        const boxes = texts.map(each => each.getBoundingClientRect());
        const body = row.closest('.card-body')?.getBoundingClientRect();
        return (
          boxes.some(box => box.top < top + 1 || box.bottom > bottom) ||
          body === undefined ||
          bottom > body.bottom + 1
        );
      })
      .map(row => row.textContent),
  );
}

/** How many sizes the titles of each list have. */
function sizes(page: Page): Promise<number[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('[data-titles]')].map(list => {
      const titles = [...list.querySelectorAll('.figure-title, .risk-title, .feed-title')];
      return new Set(titles.map(each => getComputedStyle(each).fontSize)).size;
    }),
  );
}

t.test('texts are whole, in both languages, on a wall and on a laptop', async t => {
  for (const [name, board] of Object.entries({ longBoard, packBoard })) {
    for (const lang of LANGS) {
      for (const theme of THEMES) {
        const { page } = await open(t, board, `lang=${lang}&theme=${theme}`);
        for (const [width, height] of SIZES) {
          await page.setViewportSize({ width, height });
          // Two frames: sizes of titles are found after the first.
          await page.evaluate(
            () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))),
          );
          const where = `${name}, ${lang}, ${theme}, ${width} × ${height}`;
          t.same(await cut(page), [], `none is cut: ${where}`);
          t.same(await broken(page), [], `no header is broken inside a word: ${where}`);
          t.same(await crammed(page), [], `no row touches a line: ${where}`);
          t.same(await sizes(page), [1, 1, 1, 1], `one size in each list: ${where}`);
        }
      }
    }
  }
});

t.test('on a telephone nothing is cut either, and the page is no wider', async t => {
  for (const [board, lang] of [
    [longBoard, 'zh'],
    [longBoard, 'en'],
    [packBoard, 'zh'],
    [packBoard, 'en'],
  ] as const) {
    const { page } = await open(t, board, `lang=${lang}`);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForFunction(
      () => document.querySelectorAll('[data-kind="atRisk"] tr[data-case]').length > 5,
    );
    t.same(await cut(page), [], lang);
    const { over, tall } = await page.evaluate(() => ({
      over: document.documentElement.scrollWidth > innerWidth,
      tall: [...document.querySelectorAll('.risk-table tbody tr')].filter(row => row.clientHeight > 90)
        .length,
    }));
    t.equal(over, false);
    t.equal(tall, 0, 'no name stands letter under letter');
  }
});

t.test('headers of the queue table stand on one line in Chinese', async t => {
  const { page } = await open(t, longBoard, 'lang=zh');
  await page.setViewportSize({ width: 1366, height: 768 });
  const heights = await page.locator('.queue-table thead th').evaluateAll(found =>
    found.map(each => {
      const range = document.createRange();
      range.selectNodeContents(each);
      return new Set([...range.getClientRects()].map(({ top }) => top)).size;
    }),
  );
  t.same(heights, [1, 1, 1, 1, 1, 1, 1, 1]);
});

t.test('what is at risk is counted in cases throughout', async t => {
  const threeOfOne = (now: number): Board => {
    const board = busyBoard(now);
    const [first, second] = board.atRisk;
    if (first === undefined || second === undefined) throw new Error('no rows');
    const rows = ['S0-02', 'S0-03', 'S0-04'].map(rule => ({ ...first, rule }));
    return { ...board, atRisk: [...rows, second], atRiskCount: 58 };
  };
  const { page, change } = await open(t, threeOfOne, 'lang=en');
  const head = '[data-kind="atRisk"] .card-head';
  await page.waitForFunction(
    () => document.querySelectorAll('[data-kind="atRisk"] tr[data-case]').length === 4,
  );
  t.match(await text(page, head), /At risk\s+58\s+cases\s+and 56 more cases$/, 'four rows are of two cases');
  change({ atRiskCount: 3 });
  await page.waitForFunction(
    wanted => document.querySelector(wanted)?.textContent?.endsWith('1 more case'),
    head,
  );
  change({ atRiskCount: 2 });
  await page.waitForFunction(wanted => document.querySelector(`${wanted} .card-rest`) === null, head);
  await page.click('#lang');
  change({ atRiskCount: 55 });
  await page.waitForSelector(`${head} .card-rest`);
  t.match(await text(page, head), /即将到期\s+55\s+件案件\s+另有 53 件$/);
  change({ overdueCount: 60, overdue: busyBoard(Date.now()).overdue.slice(0, 3) });
  await page.waitForFunction(
    () => document.querySelectorAll('[data-kind="overdue"] tr[data-case]').length === 3,
  );
  t.match(await text(page, '[data-kind="overdue"] .card-head'), /逾期\s+60\s+项时限\s+另有 57 项$/);
});

t.test('on a small screen heads stay within their panels, and several alerts say what and where', async t => {
  const crowded = (now: number): Board => {
    const board = longBoard(now);
    const [row] = board.overdue;
    const [alert] = board.alerts;
    if (row === undefined || alert === undefined) throw new Error('no rows');
    const overdue = Array.from({ length: 40 }, (_, i) => ({ ...row, case: `C-${i}` }));
    const title = { zh: '一级故障恢复达标率', en: 'P1 restored in time' };
    const alerts = ['all', 'queue=vpn', 'queue=二线'].map(group => ({ ...alert, id: group, group, title }));
    return { ...board, overdue, overdueCount: 187, alerts };
  };
  for (const lang of LANGS) {
    const { page, change } = await open(t, crowded, `lang=${lang}`);
    await page.setViewportSize({ width: 1024, height: 768 });
    await page.waitForSelector('[data-kind="overdue"] .pager');
    const whole = (await cut(page)).filter(text => /^alert-group|^ (P1|一级)|^card-rest/.test(text));
    t.same(whole, [], `alerts and heads are whole: ${lang}`);
    change({ overdueCount: 108_740 });
    await page.waitForFunction(() =>
      document.querySelector('[data-kind="overdue"] .card-rest')?.textContent?.includes('108,700'),
    );
    const out = await page.evaluate(() =>
      [...document.querySelectorAll('.card-head > *')]
        .filter(each => {
          const card = each.closest('.card')?.getBoundingClientRect();
          return card === undefined || each.getBoundingClientRect().right > card.right;
        })
        .map(each => each.textContent),
    );
    t.same(out, [], `nothing sticks out: ${lang}`);
  }
});

t.test('a list leaves what it does not need of the height to the other', async t => {
  const { page, change } = await open(t, longBoard, 'lang=zh');
  const count = (kind: string) => page.locator(`[data-kind="${kind}"] tr[data-case]`).count();
  const half = await count('overdue');
  const { overdue } = longBoard(Date.now());
  change({
    overdue: overdue.slice(0, 1),
    overdueCount: 1,
    atRisk: overdue.map(row => ({ ...row, state: 'running' })),
  });
  await page.waitForFunction(
    was => document.querySelectorAll('[data-kind="atRisk"] tr[data-case]').length > was,
    half + 1,
  );
  t.equal(await count('overdue'), 1, 'which keeps its own');
  t.equal(await page.locator('[data-kind="overdue"] .pager').count(), 0);
});

t.test('an id that stands for a title is shown once', async t => {
  const { page } = await open(t, now => {
    const board = busyBoard(now);
    const title = { zh: 'CC-03', en: 'CC-03' };
    const [alert] = board.alerts;
    const [row] = board.atRisk;
    if (alert === undefined || row === undefined) throw new Error('no rows');
    const item = {
      id: 'gone',
      at: now,
      kind: 'resolved',
      rule: 'CC-03',
      title,
      subject: 'queue=报修',
    } as const;
    return {
      ...board,
      alerts: [{ ...alert, rule: 'CC-03', title }],
      atRisk: [{ ...row, rule: 'CC-03', title }],
      feed: [item, { ...item, id: 'known', title: TITLES.chat }],
    };
  });
  t.match(await text(page, '.feed-item:first-child'), /^CC-03\s+告警解除 队列 报修/);
  t.match(await text(page, '.feed-item:last-child'), /^在线首次响应\s+告警解除 CC-03 · 队列 报修/);
  t.match(await text(page, '.risk-what'), /^CC-03\s+C-20871$/);
  t.equal(await page.getAttribute('.alert-what strong', 'title'), 'CC-03');
});

t.test('a column stays while the policy has its figure, and goes with it', async t => {
  const none = (now: number): Board => {
    const board = busyBoard(now);
    const empty = { waiting: null, longestSince: null, serviceLevel: null, abandonment: null };
    return { ...board, queues: board.queues.map(row => ({ ...row, ...empty, complaintRate: null })) };
  };
  const { page, change } = await open(t, none, 'lang=en');
  t.match(await text(page, '.queue-table thead'), /^Queue\s+Complaints\s+Open cases\s+Overdue cases\s*$/);
  change({ figures: busyBoard(Date.now()).figures.filter(({ rule }) => rule !== 'S0-20') });
  await page.waitForFunction(() => document.querySelectorAll('.queue-table thead th').length === 3);
  t.match(await text(page, '[data-queue="报修"]'), /^报修\s+164\s+7\s*$/);
});

t.test('no page reported a problem', async t => {
  t.same(problems, []);
});
