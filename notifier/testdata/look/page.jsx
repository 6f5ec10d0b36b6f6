// Draws one golden, the message and its thread, as Slack would show it.
import { createRoot } from "react-dom/client";
import { flushSync } from "react-dom";
import { Message } from "slack-blocks-to-jsx";

const logo = "data:image/svg+xml," + encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36"><rect width="36" height="36" rx="6" fill="#1d6f8a"/>' +
  '<path d="M8 24h4V14H8zm8 0h4V8h-4zm8 0h4v-6h-4z" fill="#fff"/></svg>');

const at = new Date("2026-11-23T15:05:00");

function Digest({ message, theme }) {
  const one = (m, key) => (
    <Message key={key} blocks={m.blocks} name="slowdigest" logo={logo} time={at} theme={theme} />
  );
  return (
    <>
      {one(message, "message")}
      {message.thread?.length > 0 && (
        <div style={{ marginLeft: 24, paddingLeft: 8, borderLeft: "2px solid #8886" }}>
          {message.thread.map((m, i) => one(m, i))}
        </div>
      )}
    </>
  );
}

const { message, theme } = JSON.parse(document.getElementById("input").textContent);
const root = document.getElementById("root");
flushSync(() => createRoot(root).render(<Digest message={message} theme={theme} />));
document.documentElement.dataset.height = Math.ceil(root.getBoundingClientRect().height);
