// What is shown is in the address's fragment, so that it can be shared. Values
// that are not known are ignored: the fragment is anybody's.

const views = ["findings", "packages", "layers"];

// Sets hold what is chosen of a list, empty for all; texts are one value.
const setKeys = { severity: severities, decision: actions, kind: kinds };
const textKeys = ["q", "from", "fix", "exploited", "stage", "platform", "layer", "package", "group", "sort", "order", "finding"];

function readState(fragment) {
  const params = new URLSearchParams(fragment.replace(/^#/, ""));
  const state = { view: views.includes(params.get("view")) ? params.get("view") : "findings" };
  for (const [key, known] of Object.entries(setKeys)) {
    state[key] = new Set((params.get(key) ?? "").split(",").filter((v) => known.includes(v)));
  }
  for (const key of textKeys) state[key] = params.get(key) ?? "";
  return state;
}

function writeState(state) {
  const params = new URLSearchParams();
  if (state.view !== "findings") params.set("view", state.view);
  for (const key of Object.keys(setKeys)) if (state[key].size) params.set(key, [...state[key]].join(","));
  for (const key of textKeys) if (state[key]) params.set(key, state[key]);
  return params.toString();
}

let state = readState(location.hash);

// update changes the state, the address and what is shown.
function update(change) {
  Object.assign(state, change);
  const fragment = "#" + writeState(state);
  try {
    history.replaceState(null, "", fragment);
  } catch {
    // A viewer that shows the page without an address of its own.
  }
  render();
}

addEventListener("hashchange", () => {
  state = readState(location.hash);
  render();
});
