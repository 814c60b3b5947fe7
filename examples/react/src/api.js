const API = import.meta.env.MOCK_API_URL;

/** Call an operation of the contract; an error says which parts are wrong, else the problem's detail (RFC 9457). */
async function call(path, request) {
  const response = await fetch(API + path, request);
  const content = await response.json();
  if (!response.ok) throw new Error(content.errors?.map(violation).join("; ") ?? content.detail);
  return content;
}

const violation = ({ pointer, detail }) => `${pointer}: ${detail}`;

export const listPets = () => call("/pets");

export const addPet = (pet) =>
  call("/pets", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-API-Key": "any" },
    body: JSON.stringify(pet),
  });
