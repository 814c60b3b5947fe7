import { useEffect, useState } from "react";
import { addPet, listPets } from "./api.js";

/** The pets of the store, and a form that adds one. */
export function Pets() {
  const [pets, setPets] = useState(null);
  const [problem, setProblem] = useState("");

  const load = () => listPets().then(setPets, (error) => setProblem(error.message));
  useEffect(() => void load(), []);

  async function add(event) {
    event.preventDefault();
    setProblem("");
    const fields = Object.fromEntries(new FormData(event.target));
    await addPet(fields).then(load, (error) => setProblem(error.message));
  }

  return (
    <>
      <h1>Pets</h1>
      {problem && <p role="alert">{problem}</p>}
      {pets === null && !problem && <p role="status">Loading</p>}
      {pets?.length === 0 && <p>There are no pets yet.</p>}
      <ul>
        {pets?.map(({ id, name, kind }) => (
          <li key={id}>
            {name}, a {kind}
          </li>
        ))}
      </ul>
      <form onSubmit={add}>
        <label>
          Name <input name="name" required />
        </label>
        <label>
          Kind{" "}
          <select name="kind">
            <option>dog</option>
            <option>cat</option>
            <option>other</option>
          </select>
        </label>
        <button>Add</button>
      </form>
    </>
  );
}
