// Validates the manifests on standard input, a JSON array, by the schemas of their operators.
import { readFileSync } from "node:fs";
import * as keda from "@kubernetes-models/keda/keda.sh/v1alpha1";
import * as prometheus from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";

for (const manifest of JSON.parse(readFileSync(0, "utf8"))) {
  const Model = { ...keda, ...prometheus }[manifest.kind];
  new Model(manifest).validate();
  console.log(manifest.kind);
}
