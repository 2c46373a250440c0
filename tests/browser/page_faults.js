// What is wrong with the page that is open, a line each: for people who see little, read with their ears, or type alone.
() => {
  const faults = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > root.clientWidth + 1 && !one.closest(".wide, .difference, .diff, table"));
    faults.push(`wider than the window: ${wide.slice(-1).map((one) => one.outerHTML.slice(0, 120))}`);
  }
  const shown = (one) => one.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && one.getClientRects().length;
  for (const one of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    const named = one.labels.length && [...one.labels].some((label) => label.textContent.trim());
    if (!named && !one.getAttribute("aria-label")) faults.push(`no label: ${one.outerHTML.slice(0, 120)}`);
  }
  for (const one of document.querySelectorAll("button, a[href], summary")) {
    const named = one.textContent.trim() || one.getAttribute("aria-label") || one.querySelector("img[alt]:not([alt=''])");
    if (!named) faults.push(`no name: ${one.outerHTML.slice(0, 120)}`);
    if (one.tabIndex !== 0) faults.push(`not in the order of the keyboard: ${one.outerHTML.slice(0, 120)}`);
  }
  for (const one of document.querySelectorAll("[aria-labelledby]")) {
    if (!document.getElementById(one.getAttribute("aria-labelledby"))) faults.push(`named by nothing: ${one.outerHTML.slice(0, 120)}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of ids.filter((one, at) => ids.indexOf(one) !== at)) faults.push(`an id of two: ${id.slice(0, 80)}`);
  if (document.querySelectorAll("h1").length > 1) faults.push("several h1");

  const parts = (color) => (color.match(/[\d.]+/g) || []).map(Number);
  const light = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((one) => (one / 255 <= 0.03928 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const [r, g, b, alpha = 1] = parts(getComputedStyle(at).backgroundColor);
      if (alpha > 0.99) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const one = words.currentNode.parentElement;
    if (!words.currentNode.textContent.trim() || !shown(one) || one.closest(".skip, .hidden, :disabled, option")) continue;
    const [above, below] = [light(parts(getComputedStyle(one).color)), light(ground(one))].sort((a, b) => b - a);
    const contrast = (above + 0.05) / (below + 0.05);
    if (contrast < 4.5) faint.add(`faint (${contrast.toFixed(1)}): ${one.tagName}.${one.className} ${one.textContent.trim().slice(0, 40)}`);
  }
  return [...faults, ...faint];
}
