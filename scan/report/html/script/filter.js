// Which findings match, and how many more each choice would show.

// Each facet looks at one aspect of a finding; value is what its choices are
// counted by.
const facets = {
  q: { test: (f) => words.every((w) => f.haystack.includes(w)) },
  severity: { test: (f) => !state.severity.size || state.severity.has(f.severity), value: (f) => f.severity },
  decision: { test: (f) => !state.decision.size || state.decision.has(f.action), value: (f) => f.action },
  kind: { test: (f) => !state.kind.size || state.kind.has(f.kind), value: (f) => f.kind },
  from: { test: (f) => !state.from || f.from === state.from },
  fix: { test: (f) => !state.fix || (f.kind === "vulnerability" && (f.fixed === true) === (state.fix === "yes")) },
  exploited: { test: (f) => !state.exploited || Boolean(f.known.kev) },
  stage: { test: (f) => inStage(f) },
  platform: { test: (f) => !state.platform || f.platforms.some((p) => data.platforms[p] === state.platform) },
  layer: { test: (f) => !state.layer || String(f.layer ?? 0) === state.layer },
  package: { test: (f) => !state.package || String(f.package ?? 0) === state.package },
};

let words = [];

function inStage(x) {
  if (!state.stage) return true;
  const inImage = x.stages.some(isFinal);
  if (state.stage === "@image") return inImage;
  if (state.stage === "@build") return !inImage;
  return x.stages.some((s) => data.stages[s].name === state.stage);
}

// search splits what was typed into words, all of which must be found.
const search = (q) => q.toLowerCase().split(/\s+/).filter(Boolean);

// filterFindings returns what matches, in the given order, and for each facet
// with choices how many match by every other facet.
function filterFindings(findings) {
  words = search(state.q);
  const tests = Object.entries(facets);
  const counts = { severity: {}, decision: {}, kind: {} };
  const matches = [];
  for (const f of findings) {
    let failed = "";
    let failures = 0;
    for (const [key, facet] of tests) {
      if (facet.test(f)) continue;
      failed = key;
      if (++failures > 1) break;
    }
    if (failures > 1) continue;
    if (failures === 0) matches.push(f);
    for (const key in counts) {
      if (failures === 1 && failed !== key) continue;
      const value = facets[key].value(f);
      counts[key][value] = (counts[key][value] ?? 0) + 1;
    }
  }
  return { matches, counts };
}

function filterPackages(packages) {
  words = search(state.q);
  return packages.filter((p) => words.every((w) => p.haystack.includes(w)) && inStage(p) &&
    (!state.platform || p.platforms.some((i) => data.platforms[i] === state.platform)) &&
    (!state.layer || String(p.layer ?? 0) === state.layer) && (!state.from || (p.on.base ? "base" : "own") === state.from));
}

// Sorted lists are kept: typing in the filter must not sort again.
const sortedLists = new Map();

function sorted(name, list, columns) {
  const column = columns.find((c) => c.key === state.sort);
  if (!column) return list;
  const order = state.order === "desc" ? -1 : 1;
  const cached = sortedLists.get(name);
  if (cached?.key === column.key && cached.order === order) return cached.list;
  const keyed = list.map((row, i) => [column.sort(row), i, row]);
  keyed.sort(([a, i], [b, j]) => (a < b ? -order : a > b ? order : i - j));
  const result = keyed.map(([, , row]) => row);
  sortedLists.set(name, { key: column.key, order, list: result });
  return result;
}

// grouped puts headings before the findings of each layer or package; groups
// come in the order of their first finding.
function grouped(findings) {
  const by = { layer: (f) => f.layer ?? 0, package: (f) => f.in ? `${f.in.type}\n${f.in.name}\n${f.in.version}` : "" }[state.group];
  if (!by) return findings;
  const groups = new Map();
  for (const f of findings) {
    const key = by(f);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(f);
  }
  const items = [];
  for (const [key, members] of groups) {
    items.push({ heading: true, by: state.group, key: String(key), of: members[0], members, closed: closedGroups.has(String(key)) });
    if (!closedGroups.has(String(key))) items.push(...members);
  }
  return items;
}

const closedGroups = new Set();
