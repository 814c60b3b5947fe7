// `contract-first mock exec` starts the mock, and ends it after these tests.
import { fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { Pets } from "../src/Pets.jsx";

const CONTROL = process.env.MOCK_CONTROL_URL;

/** Have the mock respond otherwise: to requests of an operation, once or until the test ends. */
async function override(operation, effect) {
  const body = JSON.stringify({ match: { operation }, effect });
  const made = await fetch(`${CONTROL}/overrides`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  });
  if (!made.ok) throw new Error(await made.text());
}

afterEach(() => fetch(`${CONTROL}/state/reset`, { method: "POST" }));

test("a pet is added, and in the list from then on", async () => {
  render(<Pets />);
  await screen.findByText("There are no pets yet.");
  fireEvent.change(screen.getByLabelText("Name"), { target: { value: "Rex" } });
  fireEvent.click(screen.getByText("Add"));
  expect((await screen.findByRole("listitem")).textContent).toBe("Rex, a dog");
});

test("a list of our own", async () => {
  await override("listPets", { respond: { body: [{ id: 7, name: "Tom", kind: "cat" }] } });
  render(<Pets />);
  expect((await screen.findByRole("listitem")).textContent).toBe("Tom, a cat");
});

test("a service that is down says so", async () => {
  await override("listPets", { status: 503 });
  render(<Pets />);
  expect((await screen.findByRole("alert")).textContent).not.toBe("");
});

test("a request that violates the contract is shown with its reason", async () => {
  render(<Pets />);
  await screen.findByText("There are no pets yet.");
  fireEvent.submit(screen.getByText("Add").form);
  expect((await screen.findByRole("alert")).textContent).toContain("/name");
});
