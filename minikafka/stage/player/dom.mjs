// A page described as plain values and patched in place, so that focus stays where it is and moved things can glide.

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/** Describes an element: h("p", {class: "mk-x", onclick: f, key: "k"}, "text", child, [more]). */
export function h(tag, attributes, ...children) {
  return { tag, attributes: attributes || {}, children: children.flat(3).filter((child) => child || child === 0) };
}

/** A button: its look, its part (how tests find it), what it does, what stands on it. */
export function button(look, part, onclick, words, more) {
  return h("button", { type: "button", class: `mk-${look}`, "data-part": part, onclick, ...more }, words);
}

/** Makes the children of `parent` be `wanted`; elements with the same key (or place) and tag are kept and changed. */
export function patch(parent, wanted) {
  let node = parent.firstChild, at = 0;
  for (; node && at < wanted.length && isLike(node, wanted[at]) && node.mkKey === keyOf(wanted[at]); at += 1) {
    update(node, wanted[at]); // most stand where they stood: nothing has to be looked for
    node = node.nextSibling;
  }
  if (node || at < wanted.length) rearrange(parent, wanted.slice(at), node);
}

/** The children of `parent` from `place` on become `wanted`. */
function rearrange(parent, wanted, place) {
  const rest = new Set(wanted.map(keyOf)), keyed = new Map(), used = new Set();
  for (let node = place, next; node; node = next) {
    next = node.nextSibling;
    if (node.mkKey === undefined) continue;
    // What goes, goes first, so that what stays need not be moved: a moved element loses the focus.
    if (rest.has(node.mkKey)) keyed.set(node.mkKey, node);
    else {
      if (node === place) place = next;
      node.remove();
    }
  }
  for (const child of wanted) {
    const node = reuse(child, keyed, place, used) || create(child, parent);
    used.add(node);
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
    update(node, child);
  }
  for (let next; place; place = next) {
    next = place.nextSibling;
    if (!used.has(place)) place.remove();
  }
}

function keyOf(child) {
  return child.tag === undefined ? undefined : child.attributes.key;
}

function reuse(child, keyed, place, used) {
  const fits = (node) => node && !used.has(node) && isLike(node, child);
  if (keyOf(child) !== undefined) {
    const node = keyed.get(keyOf(child));
    return fits(node) ? node : null;
  }
  return fits(place) && place.mkKey === undefined ? place : null;
}

function isLike(node, child) {
  if (child.tag === undefined) return node.nodeType === 3;
  return node.nodeType === 1 && node.localName === child.tag;
}

function create(child, parent) {
  if (child.tag === undefined) return document.createTextNode("");
  const inSvg = child.tag === "svg" || parent.namespaceURI === SVG_NAMESPACE;
  const node = inSvg ? document.createElementNS(SVG_NAMESPACE, child.tag) : document.createElement(child.tag);
  if (child.attributes.key !== undefined) node.mkKey = child.attributes.key;
  return node;
}

function update(node, child) {
  if (child.tag === undefined) {
    if (node.data !== String(child)) node.data = String(child);
    return;
  }
  if (node.mkDrawn === child) return; // the very same description: nothing can have changed
  node.mkDrawn = child;
  const before = node.mkAttributes || {};
  for (const name in before) if (!(name in child.attributes)) setAttribute(node, name, null);
  for (const name in child.attributes) if (before[name] !== child.attributes[name]) setAttribute(node, name, child.attributes[name]);
  node.mkAttributes = child.attributes;
  if (!child.attributes.keep) patch(node, child.children); // `keep`: its owner fills it by hand
}

function setAttribute(node, name, value) {
  if (name === "key" || name === "keep") return;
  if (name.startsWith("on")) node[name] = value;
  else if (name === "selected") node.selected = Boolean(value);
  else if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}
