// Elements are made from names, properties and text. Text is only ever set as
// text: nothing in this script reads markup.

const byId = (id) => document.getElementById(id);

// el makes an element. A property that has a hyphen or is "role" or "for" is an
// attribute; "on…" is a listener; null and false are left out.
function el(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key.includes("-") || ["role", "for"].includes(key)) node.setAttribute(key, value);
    else node[key] = value;
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== ""));
  return node;
}

// outside makes a link out of the page, which tells the other side nothing.
function outside(url, text) {
  if (!/^https?:\/\//.test(url)) return document.createTextNode(text ?? url);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, text ?? url);
}

const plural = (n, one, many) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
