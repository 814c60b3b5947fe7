import { createRoot } from "react-dom/client";
import { Pets } from "./Pets.jsx";

createRoot(document.getElementById("root")).render(<Pets />);
