// The three views: what their columns are and how a cell looks.

const severityTag = (f) => el("span", { className: `severity ${f.severity ?? f.kind}` }, f.severity ?? f.kind);
const actionTag = (action) => el("span", { className: `action ${action}` }, labels[action]);

// countTags says counts by severity as "2C 3H", the rest in words.
function countTags(counts) {
  const keys = [...severities, ...kinds].filter((k) => counts[k]);
  const text = (k) => (severities.includes(k) ? `${counts[k]}${k === "unknown" ? "?" : k[0].toUpperCase()}` : `${counts[k]} ${k}`);
  return el("span", { className: "tags" },
    keys.map((k) => el("span", { className: `severity ${k}`, title: `${counts[k]} ${k}`, role: "img", "aria-label": `${counts[k]} ${k}` }, text(k))));
}

function place(layer) {
  return layer.place || layer.instruction ? el("span", { title: `${layer.place}  ${layer.name}` }, layer.place || layer.name) : "";
}

// rowClass tells the style what kind of row it is; only vulnerabilities have
// versions, so that the text of others gets that room.
const rowClass = (item) => (item.kind ? `is-${item.action} ${item.kind === "vulnerability" ? "versioned" : "worded"}` : "");

const epss = (f) => (f.known.epss ? `${(100 * f.known.epss).toFixed(1)} %` : "");

const findingColumns = [
  { key: "severity", label: "Severity", sort: (f) => f.rank, cell: severityTag },
  { key: "decision", label: "Decision", sort: (f) => actions.indexOf(f.action), cell: (f) => actionTag(f.action) },
  {
    key: "id", label: "Finding", sort: (f) => f.id.toLowerCase(),
    cell: (f) => [
      el("button", { type: "button", className: "pick", title: f.id, "aria-haspopup": "dialog" }, f.id),
      f.known.kev ? el("span", { className: "tag", title: f.known.kev }, "exploited") : null,
    ],
  },
  { key: "subject", label: "What", sort: (f) => (f.subject ?? "").toLowerCase(), cell: (f) => f.subject ?? "" },
  { key: "version", label: "Version", sort: (f) => f.version ?? "", cell: (f) => f.version ?? "" },
  { key: "fix", label: "Fixed in", sort: (f) => [f.fixed ? 0 : 1, f.fix ?? ""].join(" "), cell: (f) => f.fix ?? "" },
  { key: "epss", label: "EPSS", high: true, sort: (f) => f.known.epss ?? 0, cell: epss },
  { key: "where", label: "From", sort: (f) => [String(f.on.line).padStart(8, "0"), f.on.place].join(" "), cell: (f) => place(f.on) },
];

const packageColumns = [
  {
    key: "name", label: "Package", sort: (p) => p.name.toLowerCase(),
    cell: (p) => el("button", { type: "button", className: "pick", title: p.name, "aria-haspopup": "dialog" }, p.name),
  },
  { key: "version", label: "Version", sort: (p) => p.version ?? "", cell: (p) => p.version ?? "" },
  { key: "type", label: "Type", sort: (p) => p.type ?? "", cell: (p) => p.type ?? "" },
  { key: "licenses", label: "Licences", sort: (p) => (p.licenses ?? "").toLowerCase(), cell: (p) => p.licenses ?? "" },
  { key: "where", label: "From", sort: (p) => [String(p.on.line).padStart(8, "0"), p.on.place].join(" "), cell: (p) => place(p.on) },
  { key: "findings", label: "Findings", high: true, sort: (p) => weight(p.counts), cell: (p) => countTags(p.counts) },
];

const layerColumns = [
  { key: "where", label: "Line", sort: (l) => l.line, cell: (l) => l.place },
  {
    key: "instruction", label: "Instruction", sort: (l) => l.name.toLowerCase(),
    cell: (l) => [
      el("button", { type: "button", className: "pick", title: `Show the findings of ${l.name}` }, l.base ? l.instruction || l.name : l.name),
      l.base ? el("span", { className: "tag plain", title: l.base }, "base") : null,
    ],
  },
  { key: "stage", label: "Stage", sort: (l) => l.stage ?? "", cell: (l) => l.stage ?? "" },
  { key: "files", label: "Files", high: true, sort: (l) => l.files ?? 0, cell: (l) => (l.files ? l.files.toLocaleString("en") : "") },
  { key: "packages", label: "Packages", high: true, sort: (l) => l.packages, cell: (l) => (l.packages ? String(l.packages) : "") },
  { key: "findings", label: "Findings", high: true, sort: (l) => weight(l.counts), cell: (l) => countTags(l.counts) },
];

// weight orders by the worst, then by how many.
const weight = (counts) => severities.reduce((sum, s, i) => sum + (counts[s] ?? 0) * 1e3 ** (4 - i), 0) +
  kinds.reduce((sum, k) => sum + (counts[k] ?? 0), 0);

function groupHeading(item) {
  const f = item.of;
  const counts = {};
  for (const m of item.members) counts[m.severity ?? m.kind] = (counts[m.severity ?? m.kind] ?? 0) + 1;
  let name = f.in ? `${f.in.name} ${f.in.version ?? ""}` : "No package";
  let detail = f.in ? f.in.type : "";
  if (item.by === "layer") {
    name = f.on.name ?? "No layer";
    detail = f.on.where;
    if (f.on === noLayer) name = "No layer: the image as a whole";
  }
  return [el("span", { className: "name", title: name }, name), el("span", { className: "detail" }, detail), countTags(counts)];
}

// Layers stand as in the Dockerfile; those that no line is known of come last.
const layersByLine = data.layers.toSorted((a, b) => (a.line || Infinity) - (b.line || Infinity) || a.index - b.index);

const viewOf = {
  findings: {
    label: "Findings", total: data.findings.length, columns: findingColumns, headingOf: groupHeading,
    open: (f) => update({ finding: String(f.index + 1) }),
    rows: () => {
      const { matches, counts } = filterFindings(sorted("findings", data.findings, findingColumns));
      showCounts(counts);
      return { matches, items: grouped(matches) };
    },
    noun: ["finding", "findings"],
  },
  packages: {
    label: "Packages", total: data.packages.length, columns: packageColumns,
    open: (p) => showPackage(p),
    rows: () => filterPackages(sorted("packages", data.packages, packageColumns)),
    noun: ["package", "packages"],
  },
  layers: {
    label: "Layers", total: data.layers.length, columns: layerColumns,
    open: (l) => update({ ...cleared(), view: "findings", layer: String(l.index + 1) }),
    rows: () => {
      words = search(state.q);
      const text = (l) => [l.name, l.instruction, l.where, l.stage].join("\n").toLowerCase();
      return sorted("layers", layersByLine, layerColumns).filter((l) => words.every((w) => text(l).includes(w)));
    },
    noun: ["layer", "layers"],
  },
};
