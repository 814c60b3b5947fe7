// Prints the chunks of a streamed response, and the text of one that is not.
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.argv[2], apiKey: "any", maxRetries: 0 });
const asked = { model: "any", messages: [{ role: "user", content: "Hello" }] };
const chunks = [];
for await (const chunk of await client.chat.completions.create({ ...asked, stream: true })) {
  chunks.push(chunk.choices[0].delta.content);
}
const whole = await client.chat.completions.create(asked);
console.log(JSON.stringify({ chunks, whole: whole.choices[0].message.content }));
