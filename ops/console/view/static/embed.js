// The page inside Chatwoot: follows the conversation that Chatwoot shows. Believed is that Chatwoot alone.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const root = document.querySelector("[data-embed]");
  if (!root || window.parent === window) return;
  const { embed, origin, chatwoot, conversation } = root.dataset;
  window.addEventListener("message", (event) => {
    if (event.origin !== origin || typeof event.data !== "string") return;
    let said = null;
    try { said = JSON.parse(event.data); } catch { return; }
    const shown = said && said.event === "appContext" && said.data ? said.data.conversation : null;
    if (!shown || !Number.isSafeInteger(shown.id) || shown.id < 1 || String(shown.id) === conversation) return;
    if (shown.account_id !== undefined && String(shown.account_id) !== chatwoot) return;
    location.replace(`${embed}/conversations/${shown.id}`);
  });
  window.parent.postMessage("chatwoot-dashboard-app:fetch-info", origin);
});
