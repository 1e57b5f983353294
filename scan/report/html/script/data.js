// What the report says, and what can be worked out of it once: sort keys, text
// to search in, counts. References in the data count from 1; 0 is none.

const data = JSON.parse(byId("data").textContent);

const severities = ["critical", "high", "medium", "low", "negligible", "unknown"];
const kinds = ["vulnerability", "secret", "configuration", "policy", "analyzer"];
const actions = ["deny", "warn", "info", "none", "ignore"];
const labels = {
  deny: "blocks", warn: "warns", info: "info", none: "undecided", ignore: "ignored",
  vulnerability: "vulnerability", secret: "secret", configuration: "configuration", policy: "policy", analyzer: "analyzer",
};

const noDecision = { action: "" };
const noAdvisory = { epss: 0 };
const noLayer = { where: "", instruction: "", line: 0 };
const at = (list, ref, none) => (ref ? list[ref - 1] : none);

data.layers.forEach((layer, i) => {
  layer.index = i;
  layer.name = layer.base ? `FROM ${layer.base}` : layer.instruction || "(unknown instruction)";
  layer.place = layer.where || (layer.base ? "base image" : "");
  layer.packages = 0;
  layer.counts = {};
  layer.findings = 0;
});

const isFinal = (stage) => data.stages[stage].final === true;

data.packages.forEach((p, i) => {
  p.index = i;
  p.on = at(data.layers, p.layer, noLayer);
  if (p.layer) p.on.packages++;
  p.findings = 0;
  p.counts = {};
  p.haystack = [p.name, p.version, p.type, p.licenses, p.path, p.source, p.on.name, p.on.where].join("\n").toLowerCase();
});

data.findings.forEach((f, i) => {
  f.index = i;
  f.decided = at(data.decisions, f.decision, noDecision);
  f.action = f.decided.action || "none";
  f.known = at(data.advisories, f.advisory, noAdvisory);
  f.on = at(data.layers, f.layer, noLayer);
  f.in = at(data.packages, f.package, null);
  f.rank = f.severity ? severities.indexOf(f.severity) : severities.length;
  f.from = f.on.base ? "base" : "own";
  f.inImage = f.stages.some(isFinal);
  f.haystack = [
    f.id, f.subject, f.version, f.text, f.fix, f.kind, f.known.summary, f.decided.rule, f.decided.message, f.on.name, f.on.where,
    f.in?.path, f.in?.source, ...(f.known.aliases ?? []), ...(f.facts ?? []).map((fact) => fact[1]),
  ].join("\n").toLowerCase();
  for (const owner of [f.on, f.in]) {
    if (!owner?.counts || f.action === "ignore") continue;
    owner.findings++;
    const key = f.severity ?? f.kind;
    owner.counts[key] = (owner.counts[key] ?? 0) + 1;
  }
});

const stagesOf = (x) => x.stages.map((s) => data.stages[s].name + (isFinal(s) ? " (image)" : "")).join(", ");
const platformsOf = (x) => x.platforms.map((p) => data.platforms[p]).join(", ");
