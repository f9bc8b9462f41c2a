import { useLayoutEffect, useRef } from "react";

// Shows a document from the server, which escaped every text in it. Only what differs
// from the one before is touched, so that a long document costs little per key.
function change(old, wanted) {
  if (old.isEqualNode(wanted)) return;
  if (old.nodeName !== wanted.nodeName || old.nodeType !== Node.ELEMENT_NODE) {
    old.replaceWith(wanted);
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!wanted.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  changeChildren(old, [...wanted.childNodes]);
}

function changeChildren(parent, wanted) {
  const old = [...parent.childNodes];
  const most = Math.min(old.length, wanted.length);
  let first = 0;
  while (first < most && old[first].isEqualNode(wanted[first])) first += 1;
  let last = 0;
  while (
    last < most - first &&
    old[old.length - 1 - last].isEqualNode(wanted[wanted.length - 1 - last])
  ) {
    last += 1;
  }
  const before = old.slice(first, old.length - last);
  const after = wanted.slice(first, wanted.length - last);
  const behind = old[old.length - last] ?? null;
  after.forEach((it, index) => {
    if (index < before.length) change(before[index], it);
    else parent.insertBefore(it, behind);
  });
  before.slice(after.length).forEach((it) => it.remove());
}

export function DocumentPreview({ html }) {
  const sheet = useRef(null);

  useLayoutEffect(() => {
    const wanted = document.createElement("template");
    wanted.innerHTML = html;
    changeChildren(sheet.current, [...wanted.content.childNodes]);
  }, [html]);

  return <div ref={sheet} className="to-scale" />;
}
