/** What the page reads in the mock's OpenAPI document, so that it is written nowhere twice. */

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];
const KEY = "Idempotency-Key";

/** Return 128 random bits; crypto.randomUUID is not there where a page came by HTTP from another machine. */
const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export class Contract {
  constructor(document) {
    this.document = document;
    this.operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]).map((method) => ({ path, method: method.toUpperCase(), ...item[method] })),
    );
  }

  /** Return what all paths begin with, such as /api/v1; empty if that is nothing. */
  get root() {
    const [first = [], ...others] = this.operations.map(({ path }) => path.split("/").slice(0, -1));
    const length = first.findIndex((step, index) => step.startsWith("{") || others.some((other) => other[index] !== step));
    return (length < 0 ? first : first.slice(0, length)).join("/");
  }

  /** Return the operation whose id ends so; undefined if there is none. */
  operation(tail) {
    return this.operations.find(({ operationId }) => operationId === tail || operationId?.endsWith(`_${tail}`));
  }

  /** Return a request to an operation; with a key of its own, so that it has one effect however often it is sent. */
  request(tail, { path = {}, query = {}, headers = {}, ...rest } = {}) {
    const operation = this.operation(tail);
    const filled = operation.path.replaceAll(/{(.*?)}/g, (_, name) => encodeURIComponent(path[name]));
    const url = new URL(filled, location.origin);
    url.search = new URLSearchParams(query);
    const keyField = this.parameters(operation).some(({ name }) => name === KEY) ? { [KEY]: newKey() } : {};
    return { method: operation.method, url: url.href, headers: { ...keyField, ...headers }, ...rest };
  }

  /** Return the schema of an operation's parameter. */
  parameter(tail, name) {
    return this.resolved(this.parameters(this.operation(tail)).find((parameter) => parameter.name === name)?.schema ?? {});
  }

  /** Return the parameters of an operation. */
  parameters(operation) {
    return (operation?.parameters ?? []).map((parameter) => this.resolved(parameter));
  }

  /** Return the schema of a member of an operation's JSON body. */
  member(tail, name) {
    const body = this.resolved(this.operation(tail)?.requestBody)?.content?.["application/json"]?.schema;
    return this.resolved(this.resolved(body)?.properties?.[name] ?? {});
  }

  /** Return the values that a schema lists, wherever in it. */
  values(schema) {
    const { enum: values, allOf = [], anyOf = [], oneOf = [] } = this.resolved(schema);
    return values ?? [...allOf, ...anyOf, ...oneOf].flatMap((schema) => this.values(schema));
  }

  /** Return what a schema or parameter refers to within the document. */
  resolved(schema) {
    if (!schema?.$ref?.startsWith("#/")) return schema;
    const steps = schema.$ref.slice(2).split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
    const target = steps.reduce((value, step) => value?.[step], this.document);
    return { ...this.resolved(target), ...schema, $ref: undefined };
  }
}
