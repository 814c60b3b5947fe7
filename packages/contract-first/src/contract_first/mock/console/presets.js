/** What goes wrong most, ready to be switched on. */

export const presets = [
  { name: "Slow API", about: "Every response takes 1.5 s longer.", fault: { effect: { latency_ms: 1500 } } },
  {
    name: "Uneven network",
    about: "Around 400 ms, now and then several seconds.",
    fault: { effect: { latency_ms: { distribution: "lognormal", median: 400, sigma: 1 } } },
  },
  { name: "Internal error", about: "Every response is a 500.", fault: { effect: { status: 500 } } },
  {
    name: "Unavailable",
    about: "503, and Retry-After: 5.",
    fault: { effect: { status: 503, retry_after_seconds: 5 } },
  },
  {
    name: "Flaky API",
    about: "Every other request, by chance, is a 503.",
    fault: { probability: 0.5, effect: { status: 503 } },
  },
  {
    name: "Rate limited",
    about: "429, and Retry-After: 10.",
    fault: { effect: { status: 429, retry_after_seconds: 10 } },
  },
  { name: "Dropped connection", about: "The API closes the connection without a response.", fault: { effect: { drop: true } } },
  {
    name: "Lost response",
    about: "The API does what it is asked for; the connection closes before the response.",
    fault: { effect: { drop_response: true } },
  },
  { name: "Slow body", about: "Responses arrive at 200 bytes a second.", fault: { effect: { bytes_per_second: 200 } } },
  {
    name: "S3 SlowDown",
    about: "S3 is busy: 503 SlowDown.",
    fault: { on: "s3", match: { method: "POST" }, effect: { s3_code: "SlowDown" } },
  },
  {
    name: "Slow upload",
    about: "S3 takes 50 kB a second.",
    fault: { on: "s3", match: { method: "POST" }, effect: { bytes_per_second: 50_000 } },
  },
  {
    name: "S3 closes the connection",
    about: "The upload's connection is dropped.",
    fault: { on: "s3", match: { method: "POST" }, effect: { drop: true } },
  },
  {
    name: "S3 clock skew",
    about: "For uploads S3's clock is two hours fast.",
    fault: { on: "s3", match: { method: "POST" }, effect: { clock_skew_seconds: 7200 } },
  },
];
