/** Starts Swagger UI: in the colours of the reader, with this server first, and a filter of operations. */

const MANY = 50; // operations, of which a page at once would be long and slow
const LEAST = 3; // characters of a filter that opens the tags with what it finds
const FOUND_BY = "Filter by path, method, operation, summary or tag";

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

// relative, as the app may be mounted; this server goes first, so that "Try it out" tries it here
const spec = await (await fetch("openapi.json")).json();
const here = { url: new URL(".", location).pathname, description: "this server" };
spec.servers = [here, ...(spec.servers ?? []).filter(({ url }) => `${url}/` !== here.url)];
const isLarge = Object.values(spec.paths ?? {}).flatMap((item) => Object.values(item ?? {}).filter((value) => value?.responses)).length > MANY;

/** Keep the operations in which all words occur; Swagger UI's own filter knows nothing but tags. */
function opsFilter(taggedOperations, phrase) {
  const words = phrase.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = (tag) => (entry) => {
    const { path, method, operation } = entry.toObject();
    const text = [tag, method, path, operation.get("operationId"), operation.get("summary")].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return taggedOperations.map((value, tag) => value.update("operations", (entries) => entries.filter(holds(tag)))).filter((value) => value.get("operations").size);
}

/** Open all tags while there is a filter. */
const isShown = (original, { layoutSelectors }) => (_, thing, otherwise) => {
  const phrase = layoutSelectors.currentFilter();
  return (thing[0] === "operations-tag" && phrase?.length >= LEAST) || original(thing, otherwise);
};

/** Name the field of the filter, once it is there, by what it finds. */
const naming = new MutationObserver(() => {
  const input = document.querySelector(".operation-filter-input");
  if (!input) return;
  input.placeholder = input.ariaLabel = FOUND_BY;
  naming.disconnect();
});
naming.observe(document.querySelector("#explorer"), { childList: true, subtree: true });

SwaggerUIBundle({
  spec,
  dom_id: "#explorer",
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  filter: true,
  docExpansion: isLarge ? "none" : "list",
  defaultModelsExpandDepth: isLarge ? 0 : 1,
  plugins: [() => ({ fn: { opsFilter }, statePlugins: { layout: { wrapSelectors: { isShown } } } })],
});
